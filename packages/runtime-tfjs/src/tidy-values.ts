import type { Tf } from './runtime.js';

/**
 * `tf.tidy` for a function that gives numbers instead of tensors: all its tensors are freed.
 *
 * `tf.tidy` looks for tensors in all that its function returns, element by element in typed arrays, which for a
 * network's gradients takes seconds; here nothing is returned to it.
 */
export function tidyValues<T>(tf: Tf, compute: () => T): T {
  let result: T | undefined;
  tf.tidy(() => {
    result = compute();
  });
  return result as T;
}
