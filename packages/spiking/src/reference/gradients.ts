import { weightedLayers } from '@privatesnn/core';

import { checkGradients, integrateAndFireOf } from '../checks.js';
import { encode } from '../encoder.js';
import type { GradientRequest, Gradients } from '../engine.js';
import { dropoutMask } from '../noise.js';
import { ActivityCounter } from './activity.js';
import { forEachImage } from './batch.js';
import { addBiasGradient, addWeightGradient, inputGradient } from './connections.js';
import {
  currents,
  operationsOf,
  pooled,
  type Operation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { integrate } from './readout.js';
import { averagePoolGradient, maxPoolGradient } from './pooling.js';
import { neuronGradients } from './neuron-gradients.js';
import { runNeurons } from './spiking-layer.js';

/** What the backward pass needs of one operation's forward pass. */
interface Trace {
  readonly operation: Operation;
  readonly input: Signal;
  /** Of a spiking layer. */
  readonly spikes?: Signal;
  readonly potentials?: Signal;
  /** Of a dropout layer. */
  readonly mask?: Float32Array;
}

/** Sums of gradients over images. */
interface Sums {
  readonly parameters: Record<string, Float64Array>;
  readonly thresholds: Record<string, number>;
}

/**
 * Spatio-temporal back-propagation (Eq. 4): the unrolled network is differentiated exactly, but for the spike,
 * whose derivative is the surrogate (Eq. 5).
 */
export async function gradients(request: GradientRequest): Promise<Gradients> {
  const { images, timeSteps } = checkGradients(request);
  const { snn, seed, wanted } = request;
  const { architecture } = snn;
  const operations = operationsOf(architecture, snn.parameters);
  const activity = new ActivityCounter(architecture);
  const sums = emptySums(request);
  const logits = new Float32Array(images * architecture.classes);
  const input = wanted.input ? new Float32Array(request.pixels.length) : undefined;
  let loss = 0;

  await forEachImage(request, images, (pixels, image, number) => {
    const encoded = encode(snn.encoder.kind, pixels, { seed, image: number, timeSteps });
    activity.add('input', encoded);
    const { traces, output } = forward(request, operations, encoded, number);
    for (const { operation, spikes } of traces) {
      if (operation.kind === 'weighted' && spikes) activity.add(operation.layer.name, spikes);
    }
    const imageLogits = integrate(output, [timeSteps]).map((u) => u * snn.readout.scale);
    logits.set(imageLogits, image * architecture.classes);
    const { value, gradient } = request.loss(imageLogits, image);
    loss += value / images;
    // The last layer sums its current over time: the gradient is the same at every time-step.
    const current = gradient.map((g) => g * snn.readout.scale);
    const atInput = backward(
      request,
      traces,
      output.map(() => current),
      sums,
    );
    input?.set(sumOverTime(atInput), image * pixels.length);
  });

  return {
    logits,
    loss,
    parameters: Object.fromEntries(
      Object.entries(sums.parameters).map(([name, sum]) => [
        name,
        Float32Array.from(sum, (value) => value / images),
      ]),
    ),
    thresholds: Object.fromEntries(
      Object.entries(sums.thresholds).map(([name, sum]) => [name, sum / images]),
    ),
    ...(input ? { input } : {}),
    activity: activity.counts(),
  };
}

function emptySums({ snn, wanted }: GradientRequest): Sums {
  const layers = weightedLayers(snn.architecture);
  const names = layers.flatMap(({ name, bias }) =>
    bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`],
  );
  return {
    parameters: Object.fromEntries(
      wanted.parameters
        ? names.map((name) => [name, new Float64Array(snn.parameters[name]!.data.length)])
        : [],
    ),
    thresholds: Object.fromEntries(
      wanted.thresholds ? layers.slice(0, -1).map(({ name }) => [name, 0]) : [],
    ),
  };
}

/** Runs one image, keeping what the backward pass needs. */
function forward(
  { snn, seed, dropout }: GradientRequest,
  operations: readonly Operation[],
  encoded: Signal,
  image: number,
): { traces: Trace[]; output: Signal } {
  const neuron = integrateAndFireOf(snn, 'take gradients of');
  const traces: Trace[] = [];
  let signal = encoded;
  for (const operation of operations) {
    const input = signal;
    switch (operation.kind) {
      case 'weighted': {
        const current = currents(operation, input);
        if (operation.last) {
          signal = current;
          traces.push({ operation, input });
        } else {
          const run = runNeurons(current, neuron, snn.thresholds[operation.layer.name]!);
          signal = run.spikes;
          traces.push({ operation, input, ...run });
        }
        break;
      }
      case 'average-pool':
      case 'max-pool':
        signal = pooled(operation, input);
        traces.push({ operation, input });
        break;
      case 'dropout':
        if (dropout) {
          const mask = dropoutMask(input[0]!.length, operation.rate, seed, image, operation.index);
          signal = input.map((x) => times(x, mask));
          traces.push({ operation, input, mask });
        }
        break;
    }
  }
  return { traces, output: signal };
}

/**
 * Takes the gradient at the last layer's current back through all operations, adding to `sums` on the way.
 *
 * @returns the gradient at the network's input at each time-step
 */
function backward(
  request: GradientRequest,
  traces: readonly Trace[],
  output: Signal,
  sums: Sums,
): Signal {
  let gradient = output;
  for (const trace of traces.toReversed()) {
    const { operation, input } = trace;
    switch (operation.kind) {
      case 'weighted': {
        const atCurrent = operation.last
          ? gradient
          : throughNeurons(request, trace, gradient, sums);
        addParameterGradients(operation, input, atCurrent, sums);
        gradient = atCurrent.map((g) => inputGradient(operation.connections, operation.weight, g));
        break;
      }
      case 'average-pool':
        gradient = gradient.map((g) => averagePoolGradient(operation.pooling, g));
        break;
      case 'max-pool':
        gradient = gradient.map((g, t) => maxPoolGradient(operation.pooling, input[t]!, g));
        break;
      case 'dropout':
        gradient = gradient.map((g) => times(g, trace.mask!));
        break;
    }
  }
  return gradient;
}

/** From the gradient at a layer's spikes to the one at its input current. */
function throughNeurons(
  { snn, surrogate, detachReset }: GradientRequest,
  { operation, spikes, potentials }: Trace,
  atSpikes: Signal,
  sums: Sums,
): Signal {
  const { name } = (operation as WeightedOperation).layer;
  const result = neuronGradients({
    neuron: integrateAndFireOf(snn, 'take gradients of'),
    threshold: snn.thresholds[name]!,
    surrogate,
    detachReset,
    spikes: spikes!,
    potentials: potentials!,
    atSpikes,
  });
  if (name in sums.thresholds) sums.thresholds[name]! += result.threshold;
  return result.atCurrent;
}

function addParameterGradients(
  { layer, connections }: WeightedOperation,
  input: Signal,
  atCurrent: Signal,
  { parameters }: Sums,
): void {
  const weight = parameters[`${layer.name}.weight`];
  const bias = parameters[`${layer.name}.bias`];
  atCurrent.forEach((gradient, t) => {
    if (weight) addWeightGradient(connections, input[t]!, gradient, weight);
    if (bias) addBiasGradient(gradient, bias);
  });
}

function times(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value * b[i]!);
}

function sumOverTime(signal: Signal): Float32Array {
  const sum = new Float64Array(signal[0]!.length);
  for (const x of signal) x.forEach((value, i) => (sum[i]! += value));
  return Float32Array.from(sum);
}
