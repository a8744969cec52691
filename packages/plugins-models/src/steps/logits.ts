import { UserError } from '@privatesnn/core';
import { type Emit, flattened, weights } from './layer.js';
import type { Feature, Step } from './step.js';
import { type Shape, isFlat, order, placesOf } from './view.js';

/**
 * The last layer must be one that sums, without a ReLU, and give the classes in order; where it is not, a dense layer
 * that copies its input is added.
 */
export function endWithLogits(output: Feature, last: Step, name: string, emit: Emit): void {
  const { layers } = emit;
  const classes = last.shape[2];
  const flat = last.shape[0] * last.shape[1] === 1;
  const final = layers.at(-1)!;
  const isLinear = 'linear' in final && final.linear === true;
  const sums = final.kind === 'conv' || final.kind === 'dense' || final.kind === 'add';
  if (flat && sums && isLinear && final.name === name) {
    // The last layer is linear by its place.
    const { linear: _, ...rest } = final;
    layers[layers.length - 1] = rest;
    return;
  }
  if (!isFlat(output.view)) throw new Error('The output is no vector.');
  const places = placesOf(order(output.view), last.shape);
  const count = classes * last.shape[0] * last.shape[1];
  const weight = new Float32Array(count * count);
  places.forEach((place, i) => (weight[place * count + i] = 1));
  const logits = emit.names.free('logits');
  weights(emit, logits, [count, count], { weight, bias: undefined, weightName: logits });
  const from = [flattened(last, name, emit)];
  layers.push({ kind: 'dense', name: logits, from, inputs: count, outputs: count, bias: false });
}

/** The most classes that a layer of copies is made for. */
export const mostClasses = 10_000;

/** @throws UserError where a network gives more classes than {@link mostClasses} */
export function expectClasses(shape: Shape, file: string): void {
  const classes = shape.reduce((product, size) => product * size, 1);
  if (classes <= mostClasses) return;
  throw new UserError(
    'data',
    'MODEL_ENDS',
    `The output of ${file} has ${classes} numbers; at most ${mostClasses} classes are read.`,
    { hint: 'Take a classifier; detection and segmentation are not read.', place: { file } },
  );
}
