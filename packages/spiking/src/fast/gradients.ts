import { biasOf, weightedLayers, weightOf } from '@privatesnn/core';

import type { CheckedBatch } from '../checks.js';
import type { GradientRequest, Gradients } from '../engine.js';
import { activityOf, addCounts } from './activity.js';
import { everyThread, type Crew } from './engine.js';
import { thresholdsOf } from './infer.js';
import type { NetworkSpec } from './network.js';
import { planOf } from './plan.js';
import type { TrainingSpec } from './training.js';

/** Image i is summed into part i mod this, and the parts are added in order, on however many threads. */
const parts = 4;

const defaultMemoryBudget = 2 ** 30;

/** Gradients of a batch: each thread takes whole parts, image after image; the loss is computed here. */
export async function gradients(
  request: GradientRequest,
  { images, timeSteps }: CheckedBatch,
  crew: Crew,
): Promise<Gradients> {
  const { snn, seed, firstImage = 0, wanted } = request;
  const network: NetworkSpec = {
    plan: planOf(snn.architecture),
    parameters: [],
    thresholds: thresholdsOf(snn),
    neuron: snn.neuron,
    encoder: snn.encoder.kind,
    timeSteps,
    seed,
    dropout: request.dropout,
  };
  const spec: TrainingSpec = {
    network,
    surrogate: request.surrogate,
    detachReset: request.detachReset,
    wanted,
    scale: snn.readout.scale,
    memoryBudget: request.memoryBudget ?? defaultMemoryBudget,
  };
  const threads = Math.min(crew.threads, parts);
  const layers = layersOf(snn);
  const slots = Array.from({ length: threads }, () => crew.memory.take(largestOf(layers)));
  await everyThread({ pool: crew.pool, threads }, () => ({ task: 'train', spec }));
  for (const { weight, bias } of layers) {
    const [slot] = slots as [Float32Array];
    const parameters = {
      weight: copied(weight, slot, 0),
      bias: bias && copied(bias, slot, weight.length),
    };
    await everyThread({ pool: crew.pool, threads }, () => ({ task: 'layer', parameters }));
  }

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

  const totals = new Totals(request, layers);
  const work = async (thread: number): Promise<void> => {
    const to = slots[thread]!;
    for (let part = thread; part < Math.min(parts, images); part += threads) {
      await crew.pool.call(thread, { task: 'clear' });
      for (let image = part; image < images; image += parts) await passImage(thread, image);
      for (const index of layers.keys()) {
        if (wanted.parameters) {
          await crew.pool.call(thread, { task: 'sums', index, factor: 1 / images, to });
        }
        await totals.add(part, index, to);
      }
      totals.addThresholds(part, await crew.pool.call(thread, { task: 'thresholds' }));
    }
  };
  await Promise.all(Array.from({ length: threads }, (_, thread) => work(thread)));
  crew.memory.giveBack(slots);
  return {
    logits,
    loss: losses.reduce((a, b) => a + b, 0) / images,
    ...totals.result(images),
    ...(input ? { input } : {}),
    activity: activityOf(network.plan, spikes),
  };
}

/** A weighted layer's parameters. */
interface Layer {
  readonly name: string;
  readonly weight: Float32Array;
  readonly bias: Float32Array | undefined;
}

function layersOf({ architecture, parameters }: GradientRequest['snn']): Layer[] {
  return weightedLayers(architecture).map((layer) => ({
    name: layer.name,
    weight: weightOf(parameters, layer).data,
    bias: biasOf(parameters, layer)?.data,
  }));
}

/** Numbers in the parameters of the layer that has the most. */
function largestOf(layers: readonly Layer[]): number {
  return Math.max(...layers.map(({ weight, bias }) => weight.length + (bias?.length ?? 0)));
}

/** Copies values into a slot that threads read, and returns them there. */
function copied(values: Float32Array, slot: Float32Array, offset: number): Float32Array {
  const copy = slot.subarray(offset, offset + values.length);
  copy.set(values);
  return copy;
}

/** Adds parts up, each layer's in the order of parts, whichever comes first. */
class Totals {
  private readonly parameters: [name: string, total: Float32Array][][];
  private readonly thresholds: (Float64Array | undefined)[] = [];
  /** By layer, how many parts were added, and who waits for that number. */
  private readonly added: number[];
  private readonly waiting: Map<number, () => void>[];

  constructor(
    private readonly request: GradientRequest,
    private readonly layers: readonly Layer[],
  ) {
    this.parameters = layers.map(({ name, weight, bias }) =>
      Object.entries(request.wanted.parameters ? { weight, bias } : {}).flatMap(([kind, values]) =>
        values ? [[`${name}.${kind}`, new Float32Array(values.length)]] : [],
      ),
    );
    this.added = layers.map(() => 0);
    this.waiting = layers.map(() => new Map<number, () => void>());
  }

  /** Adds a part's sums of a layer's parameters once those of the parts before were added. */
  async add(part: number, layer: number, sums: Float32Array): Promise<void> {
    const waiting = this.waiting[layer]!;
    if (this.added[layer]! < part) {
      await new Promise<void>((resolve) => waiting.set(part, resolve));
    }
    let offset = 0;
    for (const [, total] of this.parameters[layer]!) {
      for (let i = 0; i < total.length; i++) total[i]! += sums[offset++]!;
    }
    waiting.get(++this.added[layer]!)?.();
  }

  addThresholds(part: number, sums: Float64Array): void {
    this.thresholds[part] = sums;
  }

  result(images: number): Pick<Gradients, 'parameters' | 'thresholds'> {
    const names = this.request.wanted.thresholds ? this.layers.slice(0, -1) : [];
    const threshold = (index: number): number =>
      this.thresholds.reduce((sum, part) => sum + part![index]! / images, 0);
    return {
      parameters: Object.fromEntries(this.parameters.flat()),
      thresholds: Object.fromEntries(names.map(({ name }, index) => [name, threshold(index)])),
    };
  }
}
