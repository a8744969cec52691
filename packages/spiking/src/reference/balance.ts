import { checkBalance, integrateAndFireOf } from '../checks.js';
import { encode } from '../encoder.js';
import type { Balance, BalanceRequest, LayerActivity } from '../engine.js';
import { biasesToRates } from '../normalisation.js';
import { percentileOf } from '../percentile.js';
import { forEachImage } from './batch.js';
import {
  countSpikes,
  currents,
  operationsOf,
  pooled,
  type Operation,
  type Signal,
} from './network.js';
import { runNeurons } from './spiking-layer.js';

type BalancedLayer = LayerActivity & { readonly current: number };

/**
 * Threshold balancing (Sengupta 2019): layer by layer, θ is α times the largest input current over samples,
 * neurons and time-steps, without leak or membrane, while all earlier layers spike at their final thresholds.
 */
export async function balanceThresholds(request: BalanceRequest): Promise<Balance> {
  const { images, timeSteps } = checkBalance(request);
  const { architecture, parameters, encoder, seed, scale, percentile } = request;
  const neuron = integrateAndFireOf(request, 'balance the thresholds of');
  const signals: Signal[] = [];
  await forEachImage(request, images, (pixels, _image, number) =>
    signals.push(encode(encoder.kind, pixels, { seed, image: number, timeSteps })),
  );

  const thresholds: Record<string, number> = {};
  const layers: BalancedLayer[] = [];
  for (const planned of operationsOf(architecture, parameters)) {
    if (planned.kind === 'weighted' && planned.last) break;
    const operation = request.scaleBiases ? withScaledBias(planned, request, thresholds) : planned;
    const current =
      operation.kind === 'weighted' ? statistic(operation, signals, percentile) : undefined;
    const threshold = current ? Math.fround(scale * current) : undefined;
    for (const [i, signal] of signals.entries()) {
      request.signal?.throwIfAborted();
      signals[i] = advance(operation, signal, (input) =>
        threshold === undefined
          ? input.map((x) => new Float32Array(x.length))
          : runNeurons(input, neuron, threshold).spikes,
      );
    }
    if (operation.kind === 'weighted') {
      const { name } = operation.layer;
      if (threshold !== undefined) thresholds[name] = threshold;
      const spikes = signals.reduce((sum, signal) => sum + countSpikes(signal), 0);
      layers.push({
        layer: name,
        neurons: operation.connections.outputs,
        spikes,
        current: current ?? 0,
      });
    }
  }
  return { thresholds, layers };
}

/** The operation with the bias that the thresholds so far ask for. */
function withScaledBias(
  operation: Operation,
  { architecture, parameters }: BalanceRequest,
  thresholds: Readonly<Record<string, number>>,
): Operation {
  if (operation.kind !== 'weighted' || !operation.bias) return operation;
  const scaled = biasesToRates(architecture, parameters, thresholds);
  return { ...operation, bias: scaled[`${operation.layer.name}.bias`]!.data };
}

function advance(operation: Operation, signal: Signal, spike: (current: Signal) => Signal): Signal {
  switch (operation.kind) {
    case 'weighted':
      return spike(currents(operation, signal));
    case 'average-pool':
    case 'max-pool':
      return pooled(operation, signal);
    case 'dropout':
      return signal;
  }
}

/** The percentile of the layer's positive currents; undefined where there is none. */
function statistic(
  operation: Extract<Operation, { kind: 'weighted' }>,
  signals: readonly Signal[],
  percentile: number,
): number | undefined {
  const positive: Float32Array[] = [];
  for (const signal of signals) {
    for (const current of currents(operation, signal)) {
      const values = current.filter((value) => value > 0);
      positive.push(percentile === 100 ? largestOf(values) : values);
    }
  }
  return percentileOf(positive, percentile);
}

function largestOf(values: Float32Array): Float32Array {
  return values.length === 0 ? values : Float32Array.of(values.reduce((a, b) => Math.max(a, b)));
}
