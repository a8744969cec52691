import { isDeepStrictEqual } from 'node:util';

import { refuse, type Place } from '../../steps/refusal.js';
import type { Feature } from '../../steps/step.js';
import { clipTo, softmaxOver } from '../../steps/sums.js';
import { onlyInput, type Builder } from '../operation.js';
import { layerSettings } from '../settings.js';

const noCounterpart =
  'Train the network, or go on training it, with ReLU or ReLU6: a spiking neuron here gives nothing for negative input, ' +
  'and grows with positive input.';

/** What an activation, as the file has it, makes of a feature: a name, or a layer of Keras 3 in its place. */
export function activated(place: Place, input: Feature, activation: unknown): Feature {
  const name = nameOf(activation);
  switch (name) {
    case 'linear':
      return input;
    case 'relu':
      return clipTo(place, input, 0, Infinity);
    case 'relu6':
      return clipTo(place, input, 0, 6);
    case 'softmax':
      return softmaxOver(place, input, -1);
    case 'log_softmax':
      return softmaxOver({ ...place, node: { ...place.node, op: 'LogSoftmax' } }, input, -1);
  }
  if (typeof name === 'object' && name.class === 'ReLU') {
    const settings = layerSettings.ReLU.safeParse(name.config);
    if (settings.success) return clipTo(place, input, 0, settings.data.max_value ?? Infinity);
  }
  const text = typeof name === 'string' ? name : (JSON.stringify(activation) ?? '').slice(0, 200);
  throw refuse(place, `the activation ${text} has no spiking counterpart`, noCounterpart);
}

/** An activation's name; Keras 3 may write an object, Keras 2 too. */
function nameOf(value: unknown): string | { readonly class: string; readonly config: unknown } {
  if (value === null || value === undefined) return 'linear';
  if (typeof value === 'string') return value;
  const {
    class_name: type,
    config,
    registered_name: registered,
  } = value as Record<string, unknown>;
  if (
    type === 'function' &&
    typeof config === 'string' &&
    isDeepStrictEqual(registered ?? config, config)
  )
    return config;
  if (typeof type !== 'string' || (registered != null && registered !== type)) return '';
  return { class: type, config };
}

export const activation: Builder<'Activation'> = (operation) =>
  activated(operation, onlyInput(operation), operation.settings.activation);

export const relu: Builder<'ReLU'> = (operation) =>
  clipTo(operation, onlyInput(operation), 0, operation.settings.max_value ?? Infinity);

export const reluOperation: Builder<'ops.Relu' | 'ops.Relu6'> = (operation) =>
  clipTo(operation, onlyInput(operation), 0, operation.type === 'ops.Relu6' ? 6 : Infinity);

export const softmax: Builder<'Softmax'> = (operation) =>
  softmaxOver(operation, onlyInput(operation), operation.settings.axis);
