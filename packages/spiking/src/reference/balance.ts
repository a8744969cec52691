import { lastUses } from '@privatesnn/core';

import { checkBalance } from '../checks.js';
import { integrateAndFireOf } from '../neuron-checks.js';
import { encode } from '../encoder.js';
import type { Balance, BalanceRequest, LayerActivity } from '../engine.js';
import { clipThreshold, layerUnits, toRates } from '../units.js';
import { percentileOf } from '../percentile.js';
import { forEachImage } from './batch.js';
import {
  computed,
  countSpikes,
  inputsOf,
  operationsOf,
  type AddOperation,
  type Operation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { runNeurons } from './spiking-layer.js';

type BalancedLayer = LayerActivity & { readonly current: number };

/**
 * Threshold balancing (Sengupta 2019): layer by layer, θ is α times the largest input current over samples,
 * neurons and time-steps, without leak or membrane, while all earlier layers spike at their final thresholds. A layer
 * whose ReLU is clipped gets the threshold at which it spikes at every time-step where the ReLU is.
 */
export async function balanceThresholds(request: BalanceRequest): Promise<Balance> {
  const { images, timeSteps } = checkBalance(request);
  const { architecture, encoder, seed, scale, percentile } = request;
  const neuron = integrateAndFireOf(request, 'balance the thresholds of');
  const encoded: Signal[] = [];
  await forEachImage(request, images, (pixels, _image, number) =>
    encoded.push(encode(encoder.kind, pixels, { seed, image: number, timeSteps })),
  );

  const thresholds: Record<string, number> = {};
  const layers: BalancedLayer[] = [];
  const uses = lastUses(architecture);
  /** By image and operation, as long as somebody takes them. */
  const outputs = encoded.map((): (Signal | undefined)[] => []);
  for (const [index, planned] of operationsOf(architecture, request.parameters).entries()) {
    const operation = request.scaleBiases ? inUnits(planned, request, thresholds) : planned;
    if ('last' in operation && operation.last) break;
    const signals = encoded.map((input, i) =>
      computed(operation, inputsOf(operation, input, outputs[i]!)),
    );
    request.signal?.throwIfAborted();
    const spikes = 'spikes' in operation && operation.spikes;
    if (spikes) {
      const { name, maximum } = operation.layer;
      const current = maximum === undefined ? statistic(signals, percentile) : undefined;
      const threshold =
        maximum === undefined
          ? current && Math.fround(scale * current)
          : clipThreshold(maximum, layerUnits(architecture, thresholds).inputs[index]!);
      for (const [i, signal] of signals.entries()) {
        signals[i] =
          threshold === undefined
            ? signal.map((x) => new Float32Array(x.length))
            : runNeurons(signal, { neuron, threshold, initial: [neuron.initial] }).spikes;
      }
      if (threshold !== undefined) thresholds[name] = threshold;
      layers.push({
        layer: name,
        neurons: neuronsOf(operation),
        spikes: signals.reduce((sum, signal) => sum + countSpikes(signal), 0),
        current: current ?? threshold ?? 0,
      });
    }
    signals.forEach((signal, i) => {
      outputs[i]!.push(signal);
      uses.forEach((last, earlier) => {
        if (last === index) outputs[i]![earlier] = undefined;
      });
    });
  }
  return { thresholds, layers };
}

/** The operation with the bias or the gains that the thresholds so far ask for. */
function inUnits(
  operation: Operation,
  { architecture, parameters }: BalanceRequest,
  thresholds: Readonly<Record<string, number>>,
): Operation {
  switch (operation.kind) {
    case 'weighted': {
      if (!operation.bias) return operation;
      const scaled = toRates(architecture, parameters, thresholds).parameters;
      return { ...operation, bias: scaled[`${operation.layer.name}.bias`]!.data };
    }
    case 'add':
    case 'concat': {
      const { gains } = layerUnits(architecture, thresholds);
      return { ...operation, gains: gains[operation.layer.name] ?? operation.gains };
    }
    default:
      return operation;
  }
}

function neuronsOf(operation: WeightedOperation | AddOperation): number {
  return operation.kind === 'add' ? operation.outputs : operation.connections.outputs;
}

/** The percentile of the layer's positive currents; undefined where there is none. */
function statistic(currents: readonly Signal[], percentile: number): number | undefined {
  const positive = currents.flatMap((signal) =>
    signal.map((current) => {
      const values = current.filter((value) => value > 0);
      return percentile === 100 ? largestOf(values) : values;
    }),
  );
  return percentileOf(positive, percentile);
}

function largestOf(values: Float32Array): Float32Array {
  return values.length === 0 ? values : Float32Array.of(values.reduce((a, b) => Math.max(a, b)));
}
