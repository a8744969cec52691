/**
 * Back through a spiking layer (kernels/backward.h).
 */
import { zeros } from '../kernel-arguments.js';
import { checkedProduct } from '../heap.js';
import { layouts } from '../kernel-layouts.js';
import { sortedBursts } from '../network/bursts.js';
import { layerInput } from '../network/layer-input.js';
import { neuronArguments } from '../network/neuron-arguments.js';
import { maxPoolSize } from '../network/transition.js';
import { gatherOperations } from './gather-operations.js';
import { gradientMask } from './gradient-mask.js';
import { returningArguments } from './several-takers.js';
import { SourceBands } from './source-bands.js';
import { noTrains, spikeTrains } from './spike-trains.js';
import { surrogateArguments } from './surrogate-arguments.js';
import { noTiles, pixelsTogether, tilesArguments, tilesOperations } from './tiles.js';
import { groupSteps, noLists, transposedArguments } from './transposed.js';
import { addWeightGradients } from './weight-gradients.js';

/**
 * @typedef {import('./training.js').Training} Training
 * @typedef {import('./training.js').Arriving} Arriving
 * @typedef {import('./training.js').Sources} Sources
 */

/**
 * Adds the layer's gradients to the sums.
 *
 * @param {Training} training
 * @param {number} index
 * @param {Arriving} arriving from the layers above
 * @param {object} heap
 * @param {number} heap.floor its top before the way back: what is above is rearranged
 * @param {readonly Sources[]} heap.kept of layers above, which are still needed
 * @returns {{ sources?: Sources, kept?: Sources[], constant?: number }} the layer's sources, and where the others are now;
 *   for the first layer what `inputGradient` needs
 */
export function backwardSpikes(training, index, arriving, { floor, kept: others }) {
  const { heap, network, sums } = training;
  const { inputs, potentials, images } = training.passing();
  const { output } = network.layer(index);
  const { before } = training.takerInput(index);
  const pool = maxPoolSize(before) * before.averagePool;
  const rowFloats = rowSize(training, index);
  const { weights: weightSums, bias } = sums.layer(index);

  const { mask, maskSteps } = gradientMask(training, index);
  const { conv, spikes } = layerInput(network, index, () => inputs[index], images);
  const kept = potentials[index] ?? 0;
  const bursts = kept ? 0 : sortedBursts(network, index, conv);
  const { sources } = arriving;
  const dense = sources?.values;
  const scratch = allocateScratch(training, index, dense !== undefined);
  const tiles = dense ? tilesArguments(training, takerOf(training, index), dense) : noTiles;
  // Those of a constant input follow from the gradient's sum over time.
  const weights = network.isConstant(index) ? 0 : weightSums;
  const trains = weights ? spikeTrains(training, index, conv, spikes) : noTrains;
  const sum = allocateSum(training, index);
  const neuron = neuronArguments(network, index);
  const bands = index > 0 ? new SourceBands(training, index, pool, rowFloats) : undefined;
  const given = {
    ...{ conv, bursts, above: sourcesAbove(training, index, sources), tiles },
    ...{ constant: arriving.constant ?? 0, pool, mask, maskSteps, scratch, potentials: kept },
    ...{ weights, ...trains, bias, sources: bands?.dense ?? 0, sum },
    detach: Number(training.spec.detachReset),
    neuron,
    ...surrogateArguments(training.spec.surrogate, network.threshold(index), neuron.leak),
  };

  const pooledRows = Math.floor(output.height / pool);
  const bandRows = bands?.rows ?? pooledRows;
  for (let firstRow = 0; firstRow < pooledRows; firstRow += bandRows) {
    const endRow = Math.min(pooledRows, firstRow + bandRows);
    bands?.clear();
    const { threshold } = heap.run('backward', { ...given, firstRow, endRow });
    sums.addThreshold(index, threshold);
    bands?.append(firstRow, endRow);
  }
  if (network.isConstant(index) && weightSums) addWeightGradients(training, index, sum);
  return bands ? bands.finish(floor, others) : { constant: sum };
}

/** Floats of one row of a layer's neurons at all time-steps. @param {Training} training @param {number} index */
function rowSize({ network, steps }, index) {
  const { name, output } = network.layer(index);
  const padded = network.padded(output.channels);
  const what = whatOf(name);
  return checkedProduct(what, steps, output.width, padded);
}

/** @param {Training} training @param {number} index @param {boolean} isTiled */
function allocateScratch({ heap, network, steps }, index, isTiled) {
  const whole = Math.ceil(steps / groupSteps) * groupSteps;
  const rows = (2 + pixelsTogether(isTiled)) * whole;
  return heap.alloc(whatOf(network.layer(index).name), rows * network.block * 4);
}

/**
 * Room for the first layer's gradient at its current, summed over each image's time, where it is wanted; 0 elsewhere.
 *
 * @param {Training} training
 * @param {number} index
 */
function allocateSum(training, index) {
  const { heap, network, spec, sums } = training;
  const isForWeights = network.isConstant(index) && sums.layer(index).weights !== 0;
  if (index > 0 || !(spec.wanted.input || isForWeights)) return 0;
  const { name, output } = network.layer(index);
  const { count } = training.passing().images;
  const bytes = count * output.height * output.width * network.padded(output.channels) * 4;
  const sum = heap.alloc(whatOf(name), bytes);
  heap.clear(sum, bytes);
  return sum;
}

/** @param {Training} training @param {number} index @param {Sources | undefined} sources */
function sourcesAbove(training, index, sources) {
  if (!sources) return zeros(layouts.backward.above);
  const { heap, steps } = training;
  const way = training.way(index);
  const lists = sources.values === undefined ? sources : noLists;
  const above =
    way.kind === 'one'
      ? transposedArguments(training, way.taker, lists, steps)
      : returningArguments(training, index, way, lists, steps);
  heap.laps?.count(
    sources.values === undefined
      ? gatherOperations(heap, above, Math.ceil(steps / groupSteps))
      : tilesOperations(training, takerOf(training, index)),
  );
  return above;
}

/** The one layer that takes a layer's spikes. @param {Training} training @param {number} index */
function takerOf(training, index) {
  const way = training.way(index);
  if (way.kind !== 'one') throw new Error('Several layers take its spikes.');
  return way.taker;
}

/** @param {string} name */
function whatOf(name) {
  return `the way back through layer "${name}"`;
}
