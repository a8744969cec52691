import { constants } from 'node:buffer';
import { totalmem } from 'node:os';

import { heapLimit } from './heap.js';
import {
  inputsOf,
  isSpiking,
  type Plan,
  type PlannedInput,
  type PlannedLayer,
  type Shape,
} from './plan.js';
import { takesNumbers } from './network/takes-numbers.js';
import { sizeFailure } from './worker-failure.js';

/** What a request is about, as far as its sizes depend on it. */
export interface Extent {
  readonly timeSteps: number;
  readonly encoder: 'poisson' | 'constant' | 'first-spike';
  /** Whether neurons are signed; not in training. */
  readonly signed?: boolean;
  /** Bytes of a weight: 4, or 2 in integer mode. */
  readonly weightBytes: 2 | 4;
  /** Whether gradients of the parameters are kept beside the weights; no training when left out. */
  readonly training?: { readonly parameters: boolean };
  /** Threads, each with a heap of its own. */
  readonly threads: number;
  /** What is returned; each is one array. */
  readonly results: readonly { readonly what: string; readonly bytes: number }[];
}

/** A buffer that a thread cannot do without. */
interface Buffer {
  readonly what: string;
  readonly elements: number;
  readonly bytes: number;
}

/** Time-steps of entries by which gradients are added up have 16 bits. */
const mostTrainingSteps = 65535;

/** Output channels are computed in blocks of at least so many. */
const smallestBlock = 32;

/**
 * Refuses what cannot fit, before anything is computed: a buffer of 2³¹ elements or more, as the kernels count with
 * 32-bit integers; more than 4 GB in a thread's heap; more than the machine's memory in all. The sizes are lower
 * bounds, without what depends on the number of spikes: the heap itself refuses what turns out too large.
 *
 * @param memory bytes that the machine has
 * @throws UserError that names the buffer and the sizes
 */
export function checkSizes(plan: Plan, extent: Extent, memory = machineMemory()): void {
  if (extent.training && extent.timeSteps > mostTrainingSteps) {
    throw sizeFailure(
      `Training takes at most ${mostTrainingSteps} time-steps, received ${extent.timeSteps}.`,
    );
  }
  const weights = plan.layers.flatMap((layer, i) => weightBuffers(plan, layer, i, extent));
  const spikes = plan.layers.map((layer, i) => spikeBuffers(plan, layer, i, extent));
  for (const { what, elements } of [...weights, ...spikes.flat()]) {
    if (!(elements < 2 ** 31)) {
      throw sizeFailure(
        `${what} need ${elements} elements; the engine can hold fewer than 2^31 in one buffer.`,
      );
    }
  }
  const largest = spikes.reduce((a, b) => (bytesOf(b) > bytesOf(a) ? b : a), []);
  for (const { what, bytes } of extent.results) {
    if (!(bytes <= constants.MAX_LENGTH)) {
      throw sizeFailure(
        `${what} need ${size(bytes)}; an array can hold ${size(constants.MAX_LENGTH)}.`,
      );
    }
  }
  const heap = bytesOf(weights) + bytesOf(largest);
  const all = [...weights, ...largest];
  const most = all.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  const mostly = `${most.what}: ${size(most.bytes)}`;
  if (!(heap <= heapLimit)) {
    throw sizeFailure(
      `A thread needs at least ${size(heap)} (${mostly}); its memory can hold ${size(heapLimit)}.`,
    );
  }
  const total = extent.threads * heap + bytesOf(extent.results);
  if (!(total <= memory)) {
    throw sizeFailure(
      `${extent.threads} ${extent.threads === 1 ? 'thread needs' : 'threads need'} at least ${size(total)} ` +
        `(${mostly} each; results: ${size(bytesOf(extent.results))}); this machine has ${size(memory)}.`,
    );
  }
}

function weightBuffers(plan: Plan, layer: PlannedLayer, index: number, extent: Extent): Buffer[] {
  const { name, output } = layer;
  const what = `the weights of layer "${name}"`;
  const isSigned = index === 0 ? extent.encoder !== 'constant' : extent.signed;
  const sizeOf = (planned: PlannedInput) => {
    const { kernelHeight, kernelWidth, input, groups } = planned;
    const signs = isSigned && !takesNumbers(plan, planned) ? 2 : 1;
    return (kernelHeight * kernelWidth * signs * input.channels * padded(output.channels)) / groups;
  };
  const elements = sizeOf(layer);
  const buffers = inputsOf(layer).map((input) => ({
    what,
    elements: sizeOf(input),
    bytes: sizeOf(input) * extent.weightBytes,
  }));
  if (extent.training?.parameters) {
    buffers.push({ what: `the gradients of layer "${name}"`, elements, bytes: elements * 4 });
  }
  return buffers;
}

/** What a layer needs at the same time: its input, its spikes, and a row's gradients. */
function spikeBuffers(plan: Plan, layer: PlannedLayer, index: number, extent: Extent): Buffer[] {
  const { timeSteps, encoder, signed } = extent;
  const buffers: Buffer[] = [];
  const add = (what: string, elements: number): void => {
    buffers.push({ what, elements, bytes: 4 * elements });
  };
  const { output } = layer;
  const currents = timeSteps * output.height * output.width * padded(output.channels);
  if (layer.linear) add(`the currents of layer "${layer.name}"`, currents);
  for (const planned of inputsOf(layer)) {
    const { input } = planned;
    if (takesNumbers(plan, planned)) {
      add(`the currents of layer "${layer.name}"`, currents);
      continue;
    }
    add(`the input of layer "${layer.name}"`, input.height * timeSteps * (input.width + 1));
    const columns = Math.max(input.width, output.width);
    add(`the bursts of layer "${layer.name}"`, 3 * input.height * columns * timeSteps);
  }
  if (index === 0 && encoder !== 'constant') {
    add('the spikes of the input', (neuronsOf(plan.input) + 1) * timeSteps);
  }
  if (isSpiking(layer)) {
    const words = Math.ceil(output.channels / 32);
    const elements = (signed ? 2 : 1) * output.height * timeSteps * output.width * words;
    add(`the spikes of layer "${layer.name}"`, elements);
    if (extent.training) {
      // Counted so, but not kept by each layer.
      const row = timeSteps * output.width * padded(output.channels);
      const what = `the gradients at a row of layer "${layer.name}"`;
      buffers.push({ what, elements: row, bytes: 0 });
    }
  }
  return buffers;
}

function neuronsOf({ height, width, channels }: Shape): number {
  return height * width * channels;
}

function padded(channels: number): number {
  return Math.ceil(channels / smallestBlock) * smallestBlock;
}

function bytesOf(buffers: readonly { readonly bytes: number }[]): number {
  return buffers.reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The machine's memory, or what this process is limited to. */
function machineMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory() || Infinity);
}

function size(bytes: number): string {
  return bytes < 2 ** 30
    ? `${(bytes / 2 ** 20).toPrecision(3)} MB`
    : `${(bytes / 2 ** 30).toPrecision(3)} GB`;
}
