/**
 * Dense sources, which reach the layer below a tile of pixels at a time (kernels/tiles.h).
 */
import { groupSteps, inputGradientShape } from './transposed.js';

/** @typedef {import('./training.js').Training} Training */

/** Pixels of a tile's side, and positions of the patch that it comes from. */
const side = 4;
const positions = 36;

/** A window's taps, and multiplications for each pixel of a tile with all that is done around them. */
const taps = 9;
const tileCost = 4;

/** Where sources are lists. */
export const noTiles = { values: 0, zeros: 0, patches: 0, results: 0, padded: 0 };

/**
 * Whether tiles fit a layer: of windows of 3 × 3 and stride 1 that take the spikes of one layer, which no other takes.
 *
 * @param {import('../network/network.js').Network} network
 * @param {readonly import('../joint.js').Way[]} ways
 * @param {number} index not of the first layer
 */
export function isTiled(network, ways, index) {
  const { kernelHeight, kernelWidth, strideY, strideX, before, joint, from } = network.layer(index);
  const isSquare = kernelHeight === 3 && kernelWidth === 3 && strideY === 1 && strideX === 1;
  return isSquare && !before.flat && !joint && ways[from]?.kind === 'one';
}

/**
 * Whether dense sources cost less than lists of so many entries.
 *
 * @param {Training} training
 * @param {number} index of the layer whose sources they are
 * @param {number} entries each of `groupSteps` time-steps
 */
export function tilesPay(training, index, entries) {
  const { output } = training.network.layer(index);
  const { height, width } = inputGradientShape(training, index);
  const groups = Math.ceil(training.steps / groupSteps);
  const density = entries / (output.height * output.width * output.channels * groups);
  const covered = Math.ceil(height / side) * Math.ceil(width / side) * side * side;
  return density * taps * height * width > tileCost * covered;
}

/** Rows of a block's weights that a layer needs on the way back. @param {Training} training @param {number} index */
export function turnedRows(training, index) {
  const { kernelHeight, kernelWidth, output } = training.network.layer(index);
  const patch = training.mayTile(index) ? positions : 0;
  return (kernelHeight * kernelWidth + patch) * output.channels;
}

/** How many pixels are gone through together. @param {boolean} isTiled */
export function pixelsTogether(isTiled) {
  return isTiled ? side * side : 1;
}

/**
 * `struct tiles`. Takes heap above the top.
 *
 * @param {Training} training
 * @param {number} index of the layer whose sources they are
 * @param {number} values where they are
 */
export function tilesArguments({ heap, network, steps }, index, values) {
  const { name, output } = network.layer(index);
  const what = `the gradients of layer "${name}"`;
  const whole = Math.ceil(steps / groupSteps) * groupSteps;
  const padded = network.padded(output.channels);
  const zeros = heap.alloc(what, padded * 4);
  heap.clear(zeros, padded * 4);
  const patches = heap.alloc(what, positions * whole * padded * 4);
  const results = heap.alloc(what, positions * whole * network.block * 4);
  return { values, zeros, patches, results, padded };
}

/**
 * What tiles do, for a profile.
 *
 * @param {Training} training
 * @param {number} index of the layer whose sources they are
 * @returns {{ operations: number, bytes: number }} an operation, and 4 bytes of weights, for each product, of a group of
 *   time-steps
 */
export function tilesOperations(training, index) {
  const { output } = training.network.layer(index);
  const { height, width, channels } = inputGradientShape(training, index);
  const groups = Math.ceil(training.steps / groupSteps);
  const tiles = Math.ceil(height / side) * Math.ceil(width / side);
  const operations = positions * tiles * groups * output.channels * channels;
  return { operations, bytes: 4 * operations };
}
