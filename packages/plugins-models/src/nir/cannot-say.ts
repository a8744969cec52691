import { UserError } from '@privatesnn/core';

/** A network has what a file of this format, or its target, has no words for. */
export function cannotSay(what: string, hint: string): UserError {
  return new UserError(
    'configuration',
    'NIR_CANNOT_SAY',
    `The network cannot be written as NIR: the format has no words for ${what}.`,
    { hint },
  );
}
