import type { AdaptiveNeuron, Snn } from '@privatesnn/core';

import { adaptiveStep, restingAdaptiveState, type AdaptiveState } from '../adaptive-neuron.js';
import { readAfterOf } from '../readout-checks.js';
import { currentOf } from './connections.js';
import {
  computed,
  inputsOf,
  type Operation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { filtered, integrate, type ImageRun, type LayerInput } from './readout.js';

/** One image through a network of adaptive neurons, or through its first operations. */
export function simulateAdaptive(
  snn: Snn,
  operations: readonly Operation[],
  input: Signal,
  recordAt: readonly number[],
): ImageRun {
  const spikes = new Map<string, Signal>([['input', input]]);
  const image = snn.encoder.kind === 'constant' ? constantFlow(input) : spikesFlow(input);
  const outputs: LayerInput[] = [];
  for (const operation of operations) {
    let flow = passed(operation, sourcesIn(operation, image, outputs));
    if ('spikes' in operation && operation.spikes) {
      const { name } = operation.layer;
      const signal = runAdaptive(flow, snn, snn.thresholds[name]!);
      spikes.set(name, signal);
      flow = spikesFlow(signal);
    }
    outputs.push(flow);
  }
  const last = outputs.at(-1)!;
  const read =
    snn.readout.kind === 'filtered'
      ? filtered(last, adaptiveOf(snn).currentDecay, recordAt)
      : integrate(wholeOf(last), recordAt, readAfterOf(snn));
  return { spikes, read };
}

/** Pixels that come at every time-step are a constant current, as a bias is. */
function constantFlow(image: Signal): LayerInput {
  return { events: image.map((x) => new Float32Array(x.length)), constant: image[0]! };
}

function spikesFlow(events: Signal): LayerInput {
  return { events, constant: new Float32Array(events[0]!.length) };
}

function sourcesIn(
  operation: Operation,
  image: LayerInput,
  outputs: readonly LayerInput[],
): LayerInput[] {
  const events = inputsOf(
    operation,
    image.events,
    outputs.map((one) => one.events),
  );
  const constants = inputsOf(
    operation,
    [image.constant],
    outputs.map(({ constant }) => [constant]),
  );
  return events.map((signal, i) => ({ events: signal, constant: constants[i]![0]! }));
}

/**
 * What comes out of an operation: it does the same to what spikes bring and to what flows all the time, as it is linear;
 * or it is max-pooling, which takes one of them (assertAdaptable).
 */
function passed(operation: Operation, inputs: readonly LayerInput[]): LayerInput {
  if (operation.kind === 'weighted') return weightedInput(operation, inputs[0]!);
  const events = inputs.map((one) => one.events);
  const constants = inputs.map(({ constant }) => [constant]);
  return {
    events: computed(operation, events),
    constant: computed(operation, constants)[0]!,
  };
}

function weightedInput(
  { connections, weight, bias }: WeightedOperation,
  { events, constant }: LayerInput,
): LayerInput {
  return {
    events: events.map((x) => currentOf(connections, weight, undefined, x)),
    constant: currentOf(connections, weight, bias, constant),
  };
}

/** The whole current at each time-step. */
function wholeOf({ events, constant }: LayerInput): Signal {
  return events.map((x) => x.map((value, i) => value + constant[i]!));
}

/** Adaptive neurons from rest through all time-steps. */
function runAdaptive({ events, constant }: LayerInput, snn: Snn, threshold: number): Signal {
  const parameters = { ...adaptiveOf(snn), threshold };
  let state: AdaptiveState = restingAdaptiveState(constant.length);
  return events.map((input) => (state = adaptiveStep(state, input, constant, parameters)).spikes);
}

function adaptiveOf({ neuron }: Snn): AdaptiveNeuron {
  if (neuron.kind === 'adaptive') return neuron;
  throw new Error('The neurons are not adaptive.');
}
