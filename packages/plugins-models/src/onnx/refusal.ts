import { UserError } from '@privatesnn/core';

import type { NodeMessage } from './model-file.js';

/** A node as messages call it: the node "/layer1/conv1/Conv" (Conv). */
export function called({ name, op, outputs }: NodeMessage): string {
  const which = name === '' ? `that gives "${outputs[0] ?? ''}"` : `"${name}"`;
  return `the node ${which} (${op})`;
}

/** The error for a node that no network for conversion can have: what, why, and the way out. */
export function refusal(node: NodeMessage, file: string, why: string, wayOut: string): UserError {
  const which = called(node).replace(/^t/, 'T');
  return new UserError('data', 'MODEL_LAYER', `${which} of ${file} cannot be converted: ${why}.`, {
    hint: wayOut,
    place: { file },
  });
}

/** The error for a file whose parts do not fit one another. */
export function contradiction(file: string, what: string): UserError {
  return new UserError(
    'data',
    'MODEL_CONTRADICTION',
    `The model ${file} contradicts itself: ${what}.`,
    { hint: 'Export it again, and check it with onnx.checker.check_model.', place: { file } },
  );
}
