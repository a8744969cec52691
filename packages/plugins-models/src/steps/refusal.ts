import { UserError } from '@privatesnn/core';

import type { Origin } from './step.js';

/** Where something that is read stands. */
export interface Place {
  readonly node: Origin;
  readonly file: string;
}

/** What messages call it: the node "/layer1/conv1/Conv" (Conv). */
export function called({ noun, name, op, outputs }: Origin): string {
  const which = name === '' ? `that gives "${outputs[0] ?? ''}"` : `"${name}"`;
  return `the ${noun} ${which} (${op})`;
}

/** The error for what no network for conversion can have: what, why, and the way out. */
export function refuse({ node, file }: Place, why: string, wayOut: string): UserError {
  const which = called(node).replace(/^t/, 'T');
  return new UserError('data', 'MODEL_LAYER', `${which} of ${file} cannot be converted: ${why}.`, {
    hint: wayOut,
    place: { file },
  });
}

/** The way out of a file that contradicts itself. */
export const saveAgain =
  'Save or export the network again; an ONNX file is checked by onnx.checker.check_model.';

/** The error for a file whose parts do not fit one another. */
export function contradiction(file: string, what: string): UserError {
  return new UserError(
    'data',
    'MODEL_CONTRADICTION',
    `The model ${file} contradicts itself: ${what}.`,
    { hint: saveAgain, place: { file } },
  );
}
