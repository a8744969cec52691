import { weightedLayers } from '@privatesnn/core';

import type { CheckedBatch } from '../checks.js';
import type { GradientRequest, Gradients } from '../engine.js';
import { activityOf, addCounts } from './activity.js';
import { everyThread, networkSpec, type Crew } from './engine.js';
import { thresholdsOf } from './infer.js';
import type { TrainingSpec } from './training.js';

/** Image i is summed into part i mod this, and the parts are added in order, on however many threads. */
const parts = 4;

const defaultMemoryBudget = 2 ** 30;

interface Sums {
  readonly parameters: readonly { weight: Float32Array; bias: Float32Array | undefined }[];
  readonly thresholds: Float64Array;
}

/** Gradients of a batch: each thread takes whole parts, image after image; the loss is computed here. */
export async function gradients(
  request: GradientRequest,
  { images, timeSteps }: CheckedBatch,
  crew: Crew,
): Promise<Gradients> {
  const { snn, seed, firstImage = 0, wanted } = request;
  const network = networkSpec(snn.architecture, snn.parameters, {
    thresholds: thresholdsOf(snn),
    neuron: snn.neuron,
    encoder: snn.encoder.kind,
    timeSteps,
    seed,
    dropout: request.dropout,
  });
  const spec: TrainingSpec = {
    network,
    surrogate: request.surrogate,
    detachReset: request.detachReset,
    wanted,
    scale: snn.readout.scale,
    memoryBudget: request.memoryBudget ?? defaultMemoryBudget,
  };
  const threads = Math.min(crew.threads, parts);
  await everyThread({ pool: crew.pool, threads }, () => ({ task: 'train', spec }));

  const { classes } = network.plan;
  const size = request.pixels.length / images;
  const logits = new Float32Array(images * classes);
  const losses = new Float64Array(images);
  const input = wanted.input ? new Float32Array(request.pixels.length) : undefined;
  const spikes: number[] = [];
  let done = 0;
  const passImage = async (thread: number, image: number): Promise<void> => {
    const forward = await crew.pool.call<{ logits: Float32Array; spikes: number[] }>(thread, {
      task: 'forward',
      pixels: request.pixels.slice(image * size, (image + 1) * size),
      image: firstImage + image,
    });
    logits.set(forward.logits, image * classes);
    addCounts(spikes, forward.spikes);
    const { value, gradient } = request.loss(forward.logits, image);
    losses[image] = value;
    const atInput = await crew.pool.call<Float32Array | undefined>(thread, {
      task: 'backward',
      gradient,
    });
    if (input && atInput) input.set(atInput, image * size);
    request.onProgress?.(++done, images);
  };

  const inOrder = new SumsInOrder();
  const work = async (thread: number): Promise<void> => {
    for (let part = thread; part < Math.min(parts, images); part += threads) {
      await crew.pool.call(thread, { task: 'clear' });
      for (let image = part; image < images; image += parts) await passImage(thread, image);
      inOrder.add(part, await crew.pool.call<Sums>(thread, { task: 'sums', factor: 1 / images }));
    }
  };
  await Promise.all(Array.from({ length: threads }, (_, thread) => work(thread)));
  return {
    logits,
    loss: losses.reduce((a, b) => a + b, 0) / images,
    ...named(request, inOrder.sums!),
    ...(input ? { input } : {}),
    activity: activityOf(network.plan, spikes),
  };
}

/** Adds parts up in their order, whenever they come. */
class SumsInOrder {
  sums: Sums | undefined;
  private next = 0;
  private readonly waiting = new Map<number, Sums>();

  add(part: number, sums: Sums): void {
    this.waiting.set(part, sums);
    for (let ready; (ready = this.waiting.get(this.next)); this.next++) {
      this.waiting.delete(this.next);
      if (this.sums) addSums(this.sums, ready);
      else this.sums = ready;
    }
  }
}

function addSums(to: Sums, from: Sums): void {
  to.parameters.forEach(({ weight, bias }, i) => {
    addArray(weight, from.parameters[i]!.weight);
    if (bias) addArray(bias, from.parameters[i]!.bias!);
  });
  addArray(to.thresholds, from.thresholds);
}

function addArray<A extends Float32Array | Float64Array>(to: A, from: A): void {
  for (let i = 0; i < to.length; i++) to[i]! += from[i]!;
}

function named(
  { snn, wanted }: GradientRequest,
  sums: Sums,
): Pick<Gradients, 'parameters' | 'thresholds'> {
  const layers = weightedLayers(snn.architecture);
  return {
    parameters: wanted.parameters
      ? Object.fromEntries(
          layers.flatMap(({ name }, i) => {
            const { weight, bias } = sums.parameters[i]!;
            const entries: [string, Float32Array][] = [[`${name}.weight`, weight]];
            return bias ? [...entries, [`${name}.bias`, bias]] : entries;
          }),
        )
      : {},
    thresholds: wanted.thresholds
      ? Object.fromEntries(layers.slice(0, -1).map(({ name }, i) => [name, sums.thresholds[i]!]))
      : {},
  };
}
