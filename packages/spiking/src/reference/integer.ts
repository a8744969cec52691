import type { Snn } from '@privatesnn/core';

import { checkInference } from '../checks.js';
import { encode } from '../encoder.js';
import type { Inference, InferenceRequest } from '../engine.js';
import { frontOf, requestBehind, withFront } from '../fast/front.js';
import { inputsOf as plannedInputs, planOf } from '../fast/plan.js';
import { integerLayers, integerPixel, pixelUnits, type IntegerLayer } from '../integer.js';
import { probeStepsOf } from '../offset-spikes.js';
import { readAfterOf } from '../readout-checks.js';
import { isSigned } from '../taking-back.js';
import { ActivityCounter } from './activity.js';
import { forEachImage } from './batch.js';
import { addRaster } from './inference.js';
import { runIntegers } from './integer-neurons.js';
import {
  computed,
  currents,
  inputsOf,
  operationsOf,
  type AddOperation,
  type Operation,
  type Signal,
  type WeightedOperation,
} from './network.js';
import { neuronsOf } from './spiking-layer.js';
import { OperationCounter } from './synaptic-operations.js';

/** Inference in integers (see integer.ts), of networks small enough for float32 to hold every current exactly. */
export async function inferInteger(request: InferenceRequest): Promise<Inference> {
  const { images, timeSteps, recordAt } = checkInference(request);
  const front = frontOf(request.snn);
  if (front) {
    const behind = await inferInteger(requestBehind(request, front));
    const probeSteps = probeStepsOf(request.snn.neuron);
    return withFront(front, request.pixels, { timeSteps, probeSteps }, behind);
  }
  const { snn, seed, raster = [] } = request;
  const { classes } = snn.architecture;
  const layers = integersByName(snn, timeSteps);
  const operations = operationsOf(snn.architecture, snn.parameters);
  const activity = new ActivityCounter(snn.architecture, isSigned(snn.neuron));
  const counter = new OperationCounter(operations, snn.encoder.kind, probeStepsOf(snn.neuron));
  const potentials = new Float32Array(images * recordAt.length * classes);
  const rasters = new Map<string, Uint8Array>();
  const isConstant = snn.encoder.kind === 'constant';
  const after = readAfterOf(snn);

  await forEachImage(request, images, (pixels, image, number) => {
    const spikesByLayer = new Map<string, Signal>();
    const keep = (name: string, spikes: Signal): void => {
      spikesByLayer.set(name, spikes);
      activity.add(name, spikes);
      if (raster.includes(name)) addRaster(rasters, name, spikes, image, images);
    };
    const encoded = encode(snn.encoder.kind, pixels, { seed, image: number, timeSteps });
    keep('input', encoded);
    const input = isConstant ? encoded.map((x) => x.map(integerPixel)) : encoded;
    const outputs: Signal[] = [];
    for (const operation of operations) {
      const inputs = inputsOf(operation, input, outputs);
      if (!('last' in operation)) {
        outputs.push(passed(operation, inputs));
        continue;
      }
      const { name } = operation.layer;
      const perUnit = isConstant && name === layers.first ? pixelUnits : 1;
      const sums = sumsOf(operation, inputs, layers, perUnit);
      if (!operation.spikes && !operation.last) {
        outputs.push(sums);
        continue;
      }
      const { bias, threshold, unit } = layers.neurons.get(name)!;
      const current = sums.map((x) =>
        Float64Array.from(x, (sum, i) => sum + (bias?.[i % bias.length] ?? 0)),
      );
      if (operation.last) {
        const sum = new Float64Array(classes);
        current.forEach((x, t) => {
          if (t >= after) x.forEach((value, i) => (sum[i]! += value));
          const row = image * recordAt.length + recordAt.indexOf(t + 1);
          if (recordAt.includes(t + 1))
            potentials.set(
              sum.map((u) => u * unit),
              row * classes,
            );
        });
        break;
      }
      const spikes = runIntegers(current, {
        ...neuronsOf(snn, name, 'compute in integers'),
        threshold,
      });
      keep(name, spikes);
      outputs.push(spikes);
    }
    counter.add(spikesByLayer);
  });
  return {
    potentials,
    activity: activity.counts(),
    operations: counter.counts(),
    raster: Object.fromEntries(rasters),
  };
}

/** The integers of a network by the names of its own layers. */
interface Integers {
  /** The layer that takes the image. */
  readonly first: string | undefined;
  /** Of weighted layers. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** By add, input and channel: what it multiplies spikes with; 1 for a current, which has it in its weights. */
  readonly gains: ReadonlyMap<string, readonly (readonly number[])[]>;
  readonly neurons: ReadonlyMap<string, IntegerLayer>;
}

function integersByName(snn: Snn, timeSteps: number): Integers {
  const weights = new Map<string, Float32Array>();
  const gains = new Map<string, number[][]>();
  const neurons = new Map<string, IntegerLayer>();
  const planned = planOf(snn.architecture).layers;
  integerLayers(snn, timeSteps).forEach((integers, index) => {
    const layer = planned[index]!;
    const { channels } = layer.output;
    const byPlace: number[][] = [];
    plannedInputs(layer).forEach(({ weighted, place, offset, input }, which) => {
      const values = integers.weights[which]!;
      if (weighted !== undefined) weights.set(weighted, Float32Array.from(values));
      byPlace[place] = Array.from({ length: channels }, (_, c) => {
        const from = c - offset;
        if (weighted !== undefined) return 1;
        return from < 0 || from >= input.channels ? 0 : values[from * channels + c]!;
      });
    });
    gains.set(layer.name, byPlace);
    neurons.set(layer.name, integers);
  });
  return { first: planned[0]?.weighted, weights, gains, neurons };
}

/** The integer current without the bias; `perUnit`: how many a constant input of 1 is. */
function sumsOf(
  operation: WeightedOperation | AddOperation,
  inputs: readonly Signal[],
  { weights, gains }: Integers,
  perUnit: number,
): Signal {
  const { name } = operation.layer;
  if (operation.kind === 'weighted') {
    const weighted = { ...operation, weight: weights.get(name)!, bias: undefined };
    return currents(weighted, inputs[0]!).map((x) => x.map((sum) => Math.round(sum / perUnit)));
  }
  const factors = gains.get(name)!;
  return inputs[0]!.map((x, t) =>
    x.map((_, i) =>
      inputs.reduce((sum, signal, k) => {
        const byChannel = factors[k]!;
        return sum + byChannel[i % byChannel.length]! * signal[t]![i]!;
      }, 0),
    ),
  );
}

/** What operations without neurons make of spikes: sums in the place of means, as the next unit holds the factor. */
function passed(operation: Operation, inputs: readonly Signal[]): Signal {
  const signal = computed(operation, inputs);
  if (operation.kind !== 'average-pool') return signal;
  return signal.map((x) => x.map((mean) => Math.round(mean * operation.pooling.divisor)));
}
