import { UserError } from '@privatesnn/core';

/**
 * How many threads the environment variable PRIVATESNN_THREADS asks for; undefined where it is not set.
 *
 * @throws UserError where it is no whole number from 1 to 256
 */
export function threadsAsked(): number | undefined {
  const text = process.env['PRIVATESNN_THREADS'];
  if (text === undefined || text === '') return undefined;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 256) return count;
  throw new UserError(
    'configuration',
    'ENGINE_THREADS',
    `Expected PRIVATESNN_THREADS to be a whole number from 1 to 256, received "${text}".`,
    { hint: 'Leave it unset to use the processors that there are.' },
  );
}
