import { setImmediate } from 'node:timers/promises';

import { weightedLayers, type Architecture } from '@privatesnn/core';

import type { CheckedBatch } from '../checks.js';
import type { GradientRequest, Gradients } from '../engine.js';
import { activityOf, addCounts } from './activity.js';
import { everyThread, networkSpec, type Crew } from './engine.js';
import { thresholdsOf } from './infer.js';
import type { SharedMemory } from './shared-memory.js';
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
  // The parameters for the threads, and, when these have them, a place for sums of gradients.
  const shared = crew.memory.take(parameterCount(snn));
  let offset = 0;
  const network = networkSpec(
    snn.architecture,
    snn.parameters,
    {
      thresholds: thresholdsOf(snn),
      neuron: snn.neuron,
      encoder: snn.encoder.kind,
      timeSteps,
      seed,
      dropout: request.dropout,
    },
    (values) => {
      const copy = shared.subarray(offset, (offset += values.length));
      copy.set(values);
      return copy;
    },
  );
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

  const totals = new Totals(request, crew.memory, shared);
  const added: Promise<void>[] = [];
  const work = async (thread: number): Promise<void> => {
    for (let part = thread; part < Math.min(parts, images); part += threads) {
      await crew.pool.call(thread, { task: 'clear' });
      for (let image = part; image < images; image += parts) await passImage(thread, image);
      const to = totals.buffer();
      const thresholds = await crew.pool.call<Float64Array>(thread, {
        task: 'sums',
        factor: 1 / images,
        to,
      });
      // Later, so that the thread has its next task meanwhile.
      added.push(
        setImmediate({ parameters: to, thresholds }).then((sums) => totals.add(part, sums)),
      );
    }
  };
  await Promise.all(Array.from({ length: threads }, (_, thread) => work(thread)));
  await Promise.all(added);
  crew.memory.giveBack(totals.free);
  return {
    logits,
    loss: losses.reduce((a, b) => a + b, 0) / images,
    ...totals.result(),
    ...(input ? { input } : {}),
    activity: activityOf(network.plan, spikes),
  };
}

/** Numbers in all parameters of a network's layers. */
function parameterCount({ architecture, parameters }: GradientRequest['snn']): number {
  return parameterNames(architecture).reduce((sum, name) => sum + parameters[name]!.data.length, 0);
}

/** By layer the weight's name, and the bias's where there is one. */
function parameterNames(architecture: Architecture): string[] {
  return weightedLayers(architecture).flatMap(({ name, bias }) =>
    bias ? [`${name}.weight`, `${name}.bias`] : [`${name}.weight`],
  );
}

/** One part's sums: all parameters, one after the other, in shared memory; and the thresholds'. */
interface Sums {
  readonly parameters: Float32Array;
  readonly thresholds: Float64Array;
}

/** Adds parts up in their order, whenever they come. */
class Totals {
  private readonly parameters: [name: string, total: Float32Array][];
  private readonly thresholds: [name: string, total: number][];
  private next = 0;
  private readonly waiting = new Map<number, Sums>();
  private readonly size: number;
  /** Buffers that no part is in. */
  readonly free: Float32Array[];

  constructor(
    { snn, wanted }: GradientRequest,
    private readonly memory: SharedMemory,
    shared: Float32Array,
  ) {
    this.free = [shared];
    this.size = shared.length;
    const layers = weightedLayers(snn.architecture);
    this.parameters = (wanted.parameters ? parameterNames(snn.architecture) : []).map((name) => [
      name,
      new Float32Array(snn.parameters[name]!.data.length),
    ]);
    this.thresholds = (wanted.thresholds ? layers.slice(0, -1) : []).map(({ name }) => [name, 0]);
  }

  /** Where a part's parameters can be written. */
  buffer(): Float32Array {
    if (this.parameters.length === 0) return new Float32Array(0);
    return this.free.pop() ?? this.memory.take(this.size);
  }

  add(part: number, sums: Sums): void {
    this.waiting.set(part, sums);
    for (let ready; (ready = this.waiting.get(this.next)); this.next++) {
      this.waiting.delete(this.next);
      let offset = 0;
      for (const [, total] of this.parameters) {
        for (let i = 0; i < total.length; i++) total[i]! += ready.parameters[offset++]!;
      }
      this.thresholds.forEach((total, i) => (total[1] += ready.thresholds[i]!));
      if (ready.parameters.length > 0) this.free.push(ready.parameters);
    }
  }

  result(): Pick<Gradients, 'parameters' | 'thresholds'> {
    return {
      parameters: Object.fromEntries(this.parameters),
      thresholds: Object.fromEntries(this.thresholds),
    };
  }
}
