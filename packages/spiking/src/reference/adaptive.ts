import type { AdaptiveNeuron, Snn } from '@privatesnn/core';

import { adaptiveStep, restingAdaptiveState, type AdaptiveState } from '../adaptive-neuron.js';
import { currentOf } from './connections.js';
import {
  currents,
  pooled,
  type Operation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { filtered, integrate, type ImageRun, type LayerInput } from './readout.js';

/** One image through a network of adaptive neurons. */
export function simulateAdaptive(
  snn: Snn,
  operations: readonly Operation[],
  input: Signal,
  recordAt: readonly number[],
): ImageRun {
  const spikes = new Map<string, Signal>([['input', input]]);
  let signal = input;
  let read: Float32Array | undefined;
  // Pixels that come at every time-step are a constant current, as a bias is.
  let isConstant = snn.encoder.kind === 'constant';
  for (const operation of operations) {
    switch (operation.kind) {
      case 'weighted': {
        const { last, layer } = operation;
        const received = layerInput(operation, signal, isConstant);
        isConstant = false;
        if (last) {
          read =
            snn.readout.kind === 'filtered'
              ? filtered(received, adaptiveOf(snn).currentDecay, recordAt)
              : integrate(currents(operation, signal), recordAt);
        } else {
          signal = runAdaptive(received, snn, snn.thresholds[layer.name]!);
          spikes.set(layer.name, signal);
        }
        break;
      }
      case 'average-pool':
      case 'max-pool':
        signal = pooled(operation, signal);
        break;
      default:
        break;
    }
  }
  return { spikes, read: read! };
}

function layerInput(
  { connections, weight, bias }: WeightedOperation,
  signal: Signal,
  isConstant: boolean,
): LayerInput {
  const nothing = new Float32Array(connections.inputs);
  return {
    events: signal.map((x) => currentOf(connections, weight, undefined, isConstant ? nothing : x)),
    constant: currentOf(connections, weight, bias, isConstant ? signal[0]! : nothing),
  };
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
