/**
 * A worker thread of the engine: kernels with a heap of their own, and the network of the request at hand. Plain
 * JavaScript, as it runs unbuilt. Messages are `{ id, task, ... }`; each is answered by `{ id, result }` or
 * `{ id, error, isSize }`.
 */
import { parentPort, workerData } from 'node:worker_threads';

import { Balancing } from './balancing.js';
import { Heap, SizeError } from './heap.js';
import { loadKernels } from './kernels.js';
import { Network } from './network/network.js';
import { simulate } from './simulate.js';
import { Training } from './training/training.js';

/**
 * @typedef {import('./network/network-spec.js').NetworkSpec} NetworkSpec
 * @typedef {import('./training/training-spec.js').TrainingSpec} TrainingSpec
 *
 * @typedef {{ pixels: Float32Array, start: number, end: number, firstImage: number }} Images A shared batch, and
 *   the part of it [start, end) that a task is about.
 * @typedef {{ task: 'network', spec: NetworkSpec }
 *   | { task: 'infer', images: Images, recordAt: readonly number[], raster: readonly string[] }
 *   | { task: 'balance', spec: NetworkSpec, images: Images }
 *   | { task: 'largest', layer: number, biasDivisor: number }
 *   | { task: 'count', layer: number, biasDivisor: number, bin: number | undefined }
 *   | { task: 'spike', layer: number, threshold: number }
 *   | { task: 'train', spec: TrainingSpec }
 *   | { task: 'forward', pixels: Float32Array, image: number }
 *   | { task: 'backward', gradient: Float32Array }
 *   | { task: 'layer', parameters: import('./network/network-spec.js').Parameters }
 *   | { task: 'sums', index: number, to: Float32Array }
 *   | { task: 'unpack', index: number, factor: number, sums: Float32Array }
 *   | { task: 'thresholds' }
 *   | { task: 'release' }} Task
 */

/** @type {Heap | undefined} */
let heap;
/** @type {Network | undefined} */
let network;
/** @type {Balancing | undefined} */
let balancing;
/** @type {Training | undefined} */
let training;

/** @param {Task} task @returns {unknown} */
function perform(task) {
  switch (task.task) {
    case 'network':
      network = new Network(freshHeap(), task.spec);
      return undefined;
    case 'infer':
      return simulate(present(network), task.images, task.recordAt, task.raster);
    case 'balance':
      balancing = new Balancing(freshHeap(), task.spec, task.images);
      return undefined;
    case 'largest':
      return present(balancing).largest(task.layer, task.biasDivisor);
    case 'count':
      return present(balancing).count(task.layer, task.biasDivisor, task.bin);
    case 'spike':
      return present(balancing).spike(task.layer, task.threshold);
    case 'train':
      training = new Training(freshHeap(), task.spec);
      return training.sums.sizes();
    case 'layer':
      return present(training).network.addLayer(task.parameters);
    case 'forward':
      return present(training).forward({ pixels: task.pixels, number: task.image });
    case 'backward':
      return present(training).backward(task.gradient);
    case 'sums':
      return present(training).sums.readAndReset(task.index, task.to);
    case 'unpack':
      return present(training).sums.unpack(task.index, task.factor, task.sums);
    case 'thresholds':
      return present(training).sums.readAndResetThresholds();
    case 'release':
      network = balancing = training = undefined;
      // A heap cannot shrink: a large one is given up.
      if (heap && heap.peak > 256 * 2 ** 20) heap = undefined;
      return undefined;
  }
}

function freshHeap() {
  network = balancing = training = undefined;
  heap ??= new Heap(loadKernels(workerData.kind));
  heap.reset();
  return heap;
}

/** @template T @param {T | undefined} value @returns {T} */
function present(value) {
  if (value === undefined) throw new Error('The worker was given no network.');
  return value;
}

const port = parentPort;
if (!port) throw new Error('worker.js is the entry of a worker thread.');
port.on('message', (/** @type {{ id: number } & Task} */ message) => {
  try {
    port.postMessage({ id: message.id, result: perform(message) });
  } catch (error) {
    port.postMessage({ id: message.id, error, isSize: error instanceof SizeError });
  }
});
// Whose answer is missing is not known: the thread ends, and with it all that it was asked for.
port.on('messageerror', (error) => {
  throw error;
});
