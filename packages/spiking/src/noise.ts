/**
 * The engine's random numbers: a hash of a counter instead of a stream, so that every number depends on its
 * place alone (seed, image, time-step, unit), in whatever order and on however many threads it is drawn. The
 * kernels (kernels/noise.h) use the same formulas and give the same bits.
 *
 * The hash is "lowbias32" (C. Wellons, Prospecting for hash functions, 2018), a bijection of 32-bit integers.
 */

/** Scrambles an unsigned 32-bit integer; gives an unsigned 32-bit integer. */
export function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** 24-bit uniform integer of unit `unit` under a key. */
function uniform24(key: number, unit: number): number {
  return mix(key ^ mix(unit + 0x9e3779b9)) >>> 8;
}

/** `mix(mix(mix(seed) ^ image) + index)`, in unsigned 32-bit arithmetic. */
function keyOf(seed: number, image: number, index: number): number {
  return mix(mix(mix(seed) ^ image) + index);
}

/** A pixel spikes where a uniform 24-bit integer lies below this: round(|x| · 2²⁴), |x| taken as a 32-bit float. */
export function poissonThreshold(x: number): number {
  return Math.round(Math.fround(Math.abs(x)) * 16777216);
}

/**
 * Poisson coding of one image at one time-step: a spike of amplitude sign(x) with probability |x|.
 *
 * @param pixels [height, width, channels], row-major, in [-1, 1]; beyond, a pixel spikes at every step
 * @param image the image's number, an unsigned 32-bit integer
 * @param timeStep from 0
 * @param spikes where to write; a new array when left out
 * @returns −1, 0 or 1 for each pixel
 */
export function poissonSpikes(
  pixels: Float32Array,
  seed: number,
  image: number,
  timeStep: number,
  spikes: Int8Array = new Int8Array(pixels.length),
): Int8Array {
  const key = keyOf(seed, image, timeStep);
  for (let i = 0; i < pixels.length; i++) {
    const x = pixels[i]!;
    spikes[i] = uniform24(key, i) < poissonThreshold(x) ? (x < 0 ? -1 : 1) : 0;
  }
  return spikes;
}

/**
 * The time-step at which first-spike coding lets a pixel spike, once, with amplitude sign(x):
 * floor((1 − |x|) · T) in double precision, the earlier the larger |x|; T (never) for x = 0.
 */
export function firstSpikeStep(x: number, timeSteps: number): number {
  const magnitude = Math.min(1, Math.fround(Math.abs(x)));
  return magnitude > 0 ? Math.floor((1 - magnitude) * timeSteps) : timeSteps;
}

/**
 * The dropout mask of one image at one dropout layer, the same at all time-steps: 0 where a 24-bit uniform
 * integer lies below round(rate · 2²⁴), else 1 / (1 − rate) as a 32-bit float. The key is that of the spikes
 * with `seed ^ 0x5bd1e995` for the seed and the layer's place for the time-step.
 *
 * @param units size of the layer's input; units are numbered row-major
 * @param layer index of the dropout layer in `architecture.layers`
 */
export function dropoutMask(
  units: number,
  rate: number,
  seed: number,
  image: number,
  layer: number,
): Float32Array {
  const key = keyOf((seed ^ 0x5bd1e995) >>> 0, image, layer);
  const dropped = Math.round(rate * 16777216);
  const kept = 1 / (1 - rate);
  const mask = new Float32Array(units);
  for (let i = 0; i < units; i++) mask[i] = uniform24(key, i) < dropped ? 0 : kept;
  return mask;
}
