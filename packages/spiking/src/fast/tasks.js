/**
 * What the engine asks of a thread: kernels with a heap of their own, and the network of the request at hand. Plain
 * JavaScript, as worker threads run it unbuilt.
 */
import { LayerSweep } from './layer-sweep.js';
import { GuardedHeap } from './guarded-heap.js';
import { Heap } from './heap.js';
import { loadKernels } from './kernels.js';
import { Laps } from './laps.js';
import { Network } from './network/network.js';
import { simulate } from './simulate.js';
import { taskPass } from './task-pass.js';
import { Training } from './training/training.js';

/**
 * @typedef {import('./network/network-spec.js').NetworkSpec} NetworkSpec
 * @typedef {import('./training/training-spec.js').TrainingSpec} TrainingSpec
 *
 * @typedef {{ pixels: Float32Array, start: number, end: number, firstImage: number }} Images A shared batch, and
 *   the part of it [start, end) that a task is about.
 * @typedef {{ task: 'network', spec: NetworkSpec }
 *   | { task: 'infer', images: Images, recordAt: readonly number[], raster: readonly string[] }
 *   | { task: 'sweep', spec: NetworkSpec, images: Images }
 *   | { task: 'next', parameters: import('./network/network-spec.js').Parameters }
 *   | { task: 'drop', layers: number }
 *   | { task: 'largest', layer: number }
 *   | { task: 'count', layer: number, bin: number | undefined }
 *   | { task: 'spike', layer: number, threshold: number, initial?: readonly number[] | undefined }
 *   | { task: 'channels', layer: number }
 *   | { task: 'train', spec: TrainingSpec }
 *   | { task: 'forward', pixels: Float32Array, image: number, count: number }
 *   | { task: 'backward', gradient: Float32Array }
 *   | { task: 'layer', parameters: import('./network/network-spec.js').Parameters }
 *   | { task: 'sums', index: number, totals: Float32Array }
 *   | { task: 'unpack', index: number, factor: number, sums: Float32Array }
 *   | { task: 'thresholds' }
 *   | { task: 'release' }
 *   | { task: 'profile' }} Task
 */

/** Does tasks one after the other, on the network that the last one brought. */
export class Tasks {
  /** @type {Heap | undefined} */
  #heap;
  /** @type {Network | undefined} */
  #network;
  /** @type {LayerSweep | undefined} */
  #sweep;
  /** @type {Training | undefined} */
  #training;
  /** From the first `profile` on. @type {Laps | undefined} */
  #laps;
  #kind;

  /** @param {import('./kernels.js').KernelKind} kind */
  constructor(kind) {
    this.#kind = kind;
  }

  /** @param {Task} task @returns {unknown} */
  perform(task) {
    if (task.task === 'profile') return this.#profile();
    this.#laps?.start();
    const result = this.#do(task);
    this.#laps?.lap(...taskPass(task, this.#plan()));
    return result;
  }

  /** Where the time went since the last time; from the first time on it is looked at. */
  #profile() {
    this.#laps ??= new Laps();
    return this.#laps.take();
  }

  #plan() {
    return (this.#training ?? this.#sweep)?.network.spec.plan;
  }

  /** @param {Exclude<Task, { task: 'profile' }>} task @returns {unknown} */
  #do(task) {
    switch (task.task) {
      case 'network':
        this.#network = new Network(this.#freshHeap(), task.spec);
        return undefined;
      case 'infer':
        return simulate(present(this.#network), task.images, task.recordAt, task.raster);
      case 'sweep':
        this.#sweep = new LayerSweep(this.#freshHeap(), task.spec, task.images);
        return undefined;
      case 'next':
        return present(this.#sweep).addLayer(task.parameters);
      case 'drop':
        return present(this.#sweep).dropLayers(task.layers);
      case 'largest':
        return present(this.#sweep).largest(task.layer);
      case 'count':
        return present(this.#sweep).count(task.layer, task.bin);
      case 'spike':
        return present(this.#sweep).spike(task.layer, task.threshold, task.initial);
      case 'channels':
        return present(this.#sweep).channelSpikes(task.layer);
      case 'train':
        this.#training = new Training(this.#freshHeap(), task.spec);
        return this.#training.sums.sizes();
      case 'layer':
        return present(this.#training).addLayer(task.parameters);
      case 'forward':
        return present(this.#training).forward({
          pixels: task.pixels,
          number: task.image,
          count: task.count,
        });
      case 'backward':
        return present(this.#training).backward(task.gradient);
      case 'sums':
        return present(this.#training).sums.addTo(task.index, task.totals);
      case 'unpack':
        return present(this.#training).sums.unpack(task.index, task.factor, task.sums);
      case 'thresholds':
        return present(this.#training).sums.readAndResetThresholds();
      case 'release':
        this.#network = this.#sweep = this.#training = undefined;
        // A heap cannot shrink: a large one is given up.
        if (this.#heap && this.#heap.peak > 256 * 2 ** 20) this.#heap = undefined;
        return undefined;
    }
  }

  #freshHeap() {
    this.#network = this.#sweep = this.#training = undefined;
    this.#heap ??= newHeap(this.#kind);
    this.#heap.reset();
    this.#heap.laps = this.#laps;
    return this.#heap;
  }
}

/** @param {import('./kernels.js').KernelKind} kind @returns {Heap} */
function newHeap(kind) {
  const kernels = loadKernels(kind);
  return kernels.poison ? new GuardedHeap(kernels) : new Heap(kernels);
}

/** @template T @param {T | undefined} value @returns {T} */
function present(value) {
  if (value === undefined) throw new Error('The engine was given no network.');
  return value;
}
