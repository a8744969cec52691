import { imagePlace, spikingLayers, weightedLayers } from '@privatesnn/core';

import { checkGradients, lossOf } from '../checks.js';
import { encode } from '../encoder.js';
import type { GradientRequest, Gradients } from '../engine.js';
import { dropoutMask } from '../noise.js';
import { ActivityCounter } from './activity.js';
import { forEachImage } from './batch.js';
import { addBiasGradient, addWeightGradient, inputGradient } from './connections.js';
import {
  computed,
  inputsOf,
  operationsOf,
  type AddOperation,
  type Operation,
  type ShortcutOperation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { integrate } from './readout.js';
import { averagePoolGradient, gatedGradient, gates, maxPoolGradient } from './pooling.js';
import { neuronGradients } from './neuron-gradients.js';
import { neuronsOf, runNeurons } from './spiking-layer.js';

/** What the backward pass needs of one operation's forward pass. */
interface Trace {
  readonly operation: Operation;
  readonly inputs: readonly Signal[];
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
  const operations = operationsOf(architecture, snn.parameters, snn.gains);
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
      if ('layer' in operation && spikes) activity.add(operation.layer.name, spikes);
    }
    const imageLogits = integrate(output, [timeSteps]).map((u) => u * snn.readout.scale);
    logits.set(imageLogits, image * architecture.classes);
    const { value, gradient } = lossOf(request, imageLogits, image);
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
      wanted.thresholds ? spikingLayers(snn.architecture).map(({ name }) => [name, 0]) : [],
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
  const traces: Trace[] = [];
  const outputs: Signal[] = [];
  for (const operation of operations) {
    const inputs = inputsOf(operation, encoded, outputs);
    const trace = { operation, inputs };
    let signal = computed(operation, inputs);
    if (operation.kind === 'dropout' && dropout) {
      const mask = dropoutMask(signal[0]!.length, operation.rate, seed, image, operation.index);
      signal = signal.map((x) => times(x, mask));
      traces.push({ ...trace, mask });
    } else if ('spikes' in operation && operation.spikes) {
      const run = runNeurons(signal, neuronsOf(snn, operation.layer.name, 'take gradients of'));
      signal = run.spikes;
      traces.push({ ...trace, ...run });
    } else {
      traces.push(trace);
    }
    outputs.push(signal);
  }
  return { traces, output: outputs.at(-1)! };
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
  /** By operation, and at -1 that of the image: the sum of what those that took its output have sent. */
  const arriving = new Map<number, Signal>([[traces.length - 1, output]]);
  for (const [index, trace] of [...traces.entries()].reverse()) {
    const sent = throughOperation(request, trace, arriving.get(index)!, sums);
    arriving.delete(index);
    trace.operation.sources.forEach((source, k) => {
      const there = arriving.get(source);
      arriving.set(source, there ? plus(there, sent[k]!) : sent[k]!);
    });
  }
  return arriving.get(imagePlace)!;
}

/** From the gradient at an operation's output to those at its inputs. */
function throughOperation(
  request: GradientRequest,
  trace: Trace,
  atOutput: Signal,
  sums: Sums,
): Signal[] {
  const { operation, inputs } = trace;
  const gradient =
    'spikes' in operation && operation.spikes
      ? throughNeurons(request, trace, operation, atOutput, sums)
      : atOutput;
  switch (operation.kind) {
    case 'weighted':
      addParameterGradients(operation, inputs[0]!, gradient, sums);
      return [gradient.map((g) => inputGradient(operation.connections, operation.weight, g))];
    case 'add':
      return operation.gains.map((gain) => gradient.map((g) => g.map((value) => gain * value)));
    case 'concat':
      return operation.places.map((places, k) =>
        gradient.map((g) => Float32Array.from(places, (place) => operation.gains[k]! * g[place]!)),
      );
    case 'average-pool':
      return [gradient.map((g) => averagePoolGradient(operation.pooling, g))];
    case 'max-pool':
      if (operation.gated) {
        const open = gates(operation.pooling, inputs[0]!);
        return [gradient.map((g, t) => gatedGradient(operation.pooling, open[t]!, g))];
      }
      return [gradient.map((g, t) => maxPoolGradient(operation.pooling, inputs[0]![t]!, g))];
    case 'shortcut':
      return [gradient.map((g) => scattered(operation, g))];
    case 'dropout':
      return [trace.mask ? gradient.map((g) => times(g, trace.mask!)) : gradient];
    case 'flatten':
      return [gradient];
  }
}

function scattered({ places, inputs }: ShortcutOperation, gradient: Float32Array): Float32Array {
  const result = new Float32Array(inputs);
  places.forEach((place, i) => {
    if (place >= 0) result[place] = gradient[i]!;
  });
  return result;
}

function plus(a: Signal, b: Signal): Signal {
  return a.map((x, t) => x.map((value, i) => value + b[t]![i]!));
}

/** From the gradient at a layer's spikes to the one at its input current. */
function throughNeurons(
  { snn, surrogate, detachReset }: GradientRequest,
  { spikes, potentials }: Trace,
  { layer: { name } }: WeightedOperation | AddOperation,
  atSpikes: Signal,
  sums: Sums,
): Signal {
  const result = neuronGradients({
    ...neuronsOf(snn, name, 'take gradients of'),
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
