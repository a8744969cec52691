import { z } from 'zod';

/** A path inside the run folder: relative, with forward slashes, never leading out of it. */
export function fileOption(name: string) {
  return z
    .string()
    .regex(
      /^(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^/\\:*?"<>|\0]+(?:\/[^/\\:*?"<>|\0]+)*$/,
      'A relative path inside the run folder is expected',
    )
    .default(name);
}
