/**
 * Images through a network, some together.
 */
import { element } from './element.js';
import { imagesTogether } from './network/images-together.js';
import { forwardCurrents } from './network/linear-layer.js';
import { negativeMap } from './network/spike-bits.js';
import { integrateReadout } from './network/readout.js';
import { forwardSpikes } from './network/spiking-layer.js';

/**
 * @typedef {import('./network/network.js').Network} Network
 * @typedef {import('./network/spike-bits.js').Bits} Bits
 *
 * @typedef {object} Simulation
 * @property {Float32Array} potentials [images, records, classes]
 * @property {number[]} spikes Of the input and each spiking layer, summed over images.
 * @property {number[]} negative Those of them that are negative, of signed neurons; 0 for the input.
 * @property {number[][]} additions Of the synapses of each layer's inputs, summed over images.
 * @property {number[][]} multiplications The same, for the numbers of a constant input and of currents.
 * @property {Record<string, Uint8Array>} raster By layer, [images, steps, neurons].
 */

/**
 * @param {Network} network
 * @param {{ pixels: Float32Array, start: number, end: number, firstImage: number }} images
 * @param {readonly number[]} recordAt
 * @param {readonly string[]} raster names of the layers whose spikes are kept
 * @returns {Simulation}
 */
export function simulate(network, images, recordAt, raster) {
  const { heap } = network;
  const { plan } = network.spec;
  const last = plan.layers.length - 1;
  const { height, width, channels } = plan.input;
  const size = height * width * channels;
  const count = images.end - images.start;
  const potentials = new Float32Array(count * recordAt.length * plan.classes);
  const counts = (/** @type {number} */ length) =>
    /** @type {number[]} */ (new Array(length).fill(0));
  const [spikes, negative] = [counts(last + 1), counts(last + 1)];
  const byInput = () => plan.layers.map(({ beside }) => counts(1 + beside.length));
  const [additions, multiplications] = [byInput(), byInput()];
  const add = (
    /** @type {number[]} */ to,
    /** @type {number} */ at,
    /** @type {number} */ count,
  ) => {
    to[at] = element(to, at) + count;
  };
  /** @param {number} index @param {import('./network/layer-input.js').InputCounts} counted */
  const addInput = (index, counted) => {
    if (index === 0) add(spikes, 0, counted.inputSpikes);
    for (const [sums, counts] of /** @type {const} */ ([
      [additions, counted.additions],
      [multiplications, counted.multiplications],
    ])) {
      const ofLayer = /** @type {number[]} */ (sums[index]);
      counts.forEach((count, which) => add(ofLayer, which, count));
    }
  };
  const rasters = Object.fromEntries(
    raster.map((name) => [name, new Uint8Array(count * rasterSize(network, name))]),
  );

  const together = imagesTogether(network.spec);
  for (let i = 0; i < count; i += together) {
    const first = images.start + i;
    const end = Math.min(first + together, images.end);
    const input = {
      count: end - first,
      pixels: images.pixels.subarray(first * size, end * size),
      number: images.firstImage + first,
    };
    heap.release(network.floor);
    /** By layer. @type {(Bits | import('./network/currents.js').Currents)[]} */
    const outputs = [];
    const outputOf = (/** @type {number} */ from) => outputs[from];
    for (let index = 0; index < last; index++) {
      if (network.layer(index).linear) {
        const currents = forwardCurrents(network, index, outputOf, input);
        heap.laps?.layer(network, index, 'forward', currents);
        addInput(index, currents);
        outputs.push(currents);
        continue;
      }
      const result = forwardSpikes(network, index, outputOf, input);
      heap.laps?.layer(network, index, 'forward', result);
      addInput(index, result);
      add(spikes, index + 1, result.spikes);
      add(negative, index + 1, result.negative);
      outputs.push(result);
      const to = rasters[network.layer(index).name];
      if (to) fillRaster(network, index, result, to, { first: i, count: input.count });
    }
    const readout = integrateReadout(network, outputOf, input, recordAt);
    heap.laps?.layer(network, last, 'forward', readout);
    addInput(last, readout);
    potentials.set(readout.potentials, i * recordAt.length * plan.classes);
  }
  heap.release(network.floor);
  return { potentials, spikes, negative, additions, multiplications, raster: rasters };
}

/** Bytes of one image's raster. @param {Network} network @param {string} name */
function rasterSize(network, name) {
  const layer = network.spec.plan.layers.find((candidate) => candidate.name === name);
  if (!layer) throw new Error(`No layer "${name}".`);
  const { height, width, channels } = layer.output;
  return network.spec.timeSteps * height * width * channels;
}

/**
 * Bits to bytes, [images, steps, height, width, channels]: 1 for a spike, 255 for a negative one.
 *
 * @param {Network} network
 * @param {number} index
 * @param {Bits} bits
 * @param {Uint8Array} to
 * @param {{ first: number, count: number }} images
 */
function fillRaster(network, index, bits, to, { first, count }) {
  const { height, width, channels } = network.layer(index).output;
  const { timeSteps } = network.spec;
  const steps = count * timeSteps;
  const words = network.heap.u32(bits.at, bits.bytes / 4);
  const back = negativeMap(network, bits);
  const negative = back && network.heap.u32(back.at, back.words);
  const bit = (
    /** @type {Uint32Array} */ from,
    /** @type {number} */ at,
    /** @type {number} */ c,
  ) => (element(from, at + (c >>> 5)) >>> (c & 31)) & 1;
  let unit = first * timeSteps * height * width * channels;
  for (let t = 0; t < steps; t++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const pixel = ((y * steps + t) * width + x) * bits.words;
        for (let c = 0; c < channels; c++) {
          to[unit++] = bit(words, pixel, c) - (negative ? bit(negative, pixel, c) : 0);
        }
      }
    }
  }
}
