import { weightedLayers } from '@privatesnn/core';

import { lossOf, type CheckedBatch } from '../checks.js';
import type { GradientRequest, Gradients } from '../engine.js';
import { activityOf, addCounts } from './activity.js';
import { everyThread, type Crew } from './engine.js';
import { startsOf, thresholdsOf } from './infer.js';
import { trainedTogether } from './network/images-together.js';
import type { NetworkSpec } from './network/network-spec.js';
import type { TrainingPlan } from './joint.js';
import { trainedLayer } from './trained-layer.js';
import type { TrainingSpec } from './training/training-spec.js';

/** A batch is summed in so many parts of neighbouring images, added in order, on however many threads. */
const parts = 4;

const defaultMemoryBudget = 2 ** 30;

/** Gradients of a batch: each thread takes whole parts, some images together; the loss is computed here. */
export async function gradients(
  request: GradientRequest,
  { images, timeSteps }: CheckedBatch,
  { plan, original, placements, ways }: TrainingPlan,
  crew: Crew,
): Promise<Gradients> {
  const { snn, seed, firstImage = 0, wanted } = request;
  const network: NetworkSpec = {
    plan,
    parameters: [],
    thresholds: thresholdsOf(snn),
    initialPotentials: startsOf(snn),
    neuron: snn.neuron,
    encoder: snn.encoder.kind,
    timeSteps,
    seed,
    dropout: request.dropout,
  };
  const { memoryBudget = defaultMemoryBudget } = request;
  const spec: TrainingSpec = {
    network,
    ways,
    surrogate: request.surrogate,
    detachReset: request.detachReset,
    wanted,
    scale: snn.readout.scale,
    together: trainedTogether(network, memoryBudget),
    memoryBudget,
  };
  const threads = Math.min(crew.threads, parts);
  const layers = original.layers.map((layer, i) => trainedLayer(layer, placements[i]!, snn));
  const team = { pool: crew.pool, threads };
  const [sizes = []] = await everyThread<number[]>(team, () => ({ task: 'train', spec }));
  const slots = Array.from({ length: threads }, () => crew.memory.take(Math.max(...sizes)));
  for (const {
    weights: [weight],
    bias,
  } of layers) {
    const [slot] = slots as [Float32Array];
    const parameters = {
      weights: [copied(weight, slot, 0)],
      bias: bias && copied(bias, slot, weight.length),
    };
    await everyThread(team, () => ({ task: 'layer', parameters }));
  }

  const { classes } = network.plan;
  const size = request.pixels.length / images;
  const logits = new Float32Array(images * classes);
  const losses = new Float64Array(images);
  const input = wanted.input ? new Float32Array(request.pixels.length) : undefined;
  const spikes: number[] = [];
  let done = 0;
  const passImages = async (thread: number, first: number, end: number): Promise<void> => {
    const count = end - first;
    const forward = await crew.pool.call<{ logits: Float32Array; spikes: number[] }>(thread, {
      task: 'forward',
      pixels: request.pixels.slice(first * size, end * size),
      image: firstImage + first,
      count,
    });
    logits.set(forward.logits, first * classes);
    addCounts(spikes, forward.spikes);
    const gradients = new Float32Array(count * classes);
    for (let i = 0; i < count; i++) {
      const ofImage = forward.logits.subarray(i * classes, (i + 1) * classes);
      const { value, gradient } = lossOf(request, ofImage, first + i);
      losses[first + i] = value;
      gradients.set(gradient, i * classes);
    }
    const atInput = await crew.pool.call<Float32Array | undefined>(thread, {
      task: 'backward',
      gradient: gradients,
    });
    if (input && atInput) input.set(atInput, first * size);
    done += count;
    request.onProgress?.(done, images);
  };

  const used = Math.min(parts, images);
  const firstOf = (part: number) => Math.floor((part * images) / used);
  const totals = new Totals(wanted.parameters ? sizes : []);
  const thresholds: Float64Array[] = [];
  const parameters: Record<string, Float32Array> = {};
  const work = async (thread: number): Promise<void> => {
    for (let part = thread; part < used; part += threads) {
      const end = firstOf(part + 1);
      for (let image = firstOf(part); image < end; image += spec.together) {
        await passImages(thread, image, Math.min(end, image + spec.together));
      }
      for (const index of totals.sums.keys()) {
        await totals.add(part, index, (sums) =>
          crew.pool.call(thread, { task: 'sums', index, totals: sums }),
        );
      }
      thresholds[part] = await crew.pool.call(thread, { task: 'thresholds' });
    }
    // Each thread takes some layers' totals to the order of the parameters.
    for (let index = thread; index < totals.sums.length; index += threads) {
      const sums = await totals.all(used, index);
      await crew.pool.call(thread, { task: 'unpack', index, factor: 1 / images, sums });
      Object.assign(parameters, layers[index]!.gradients(sums));
    }
  };
  await Promise.all(slots.map((_, thread) => work(thread)));
  crew.memory.giveBack(slots);
  const names = weightedLayers(snn.architecture).flatMap(({ name }) => [
    `${name}.weight`,
    `${name}.bias`,
  ]);
  const spiking = wanted.thresholds ? plan.layers.slice(0, -1) : [];
  return {
    logits,
    loss: losses.reduce((a, b) => a + b, 0) / images,
    parameters: Object.fromEntries(
      names.flatMap((name) => (parameters[name] ? [[name, parameters[name]]] : [])),
    ),
    thresholds: Object.fromEntries(
      spiking.map(({ name }, index) => [
        name,
        thresholds.reduce((sum, part) => sum + part[index]! / images, 0),
      ]),
    ),
    ...(input ? { input } : {}),
    activity: activityOf(network.plan, spikes),
  };
}

/** Copies values into a slot that threads read, and returns them there. */
function copied(values: Float32Array, slot: Float32Array, offset: number): Float32Array {
  const copy = slot.subarray(offset, offset + values.length);
  copy.set(values);
  return copy;
}

/** Adds parts up, each layer's in the order of parts, whichever comes first. */
class Totals {
  /** By layer, in the kernels' order, where all threads add to them. */
  readonly sums: Float32Array[];
  /** By layer, how many parts were added, and who waits for that number. */
  private readonly added: number[];
  private readonly waiting: Map<number, (() => void)[]>[];

  constructor(sizes: readonly number[]) {
    this.sums = sizes.map((size) => new Float32Array(new SharedArrayBuffer(size * 4)));
    this.added = sizes.map(() => 0);
    this.waiting = sizes.map(() => new Map<number, (() => void)[]>());
  }

  /** Lets a part be added to a layer's total once the parts before were. */
  async add(
    part: number,
    layer: number,
    addTo: (total: Float32Array) => Promise<unknown>,
  ): Promise<void> {
    await addTo(await this.all(part, layer));
    const added = ++this.added[layer]!;
    this.waiting[layer]!.get(added)?.forEach((resolve) => resolve());
  }

  /** A layer's total of so many parts. */
  async all(count: number, layer: number): Promise<Float32Array> {
    const waiting = this.waiting[layer]!;
    if (this.added[layer]! < count) {
      await new Promise<void>((resolve) =>
        waiting.set(count, [...(waiting.get(count) ?? []), resolve]),
      );
    }
    return this.sums[layer]!;
  }
}
