import type { PixelRange, RandomStream } from '@privatesnn/core';

/** Leaves of an image, at most: so many a pixel. What they leave open shows the last one. */
const leavesPerPixel = 4;
/** Radii, in pixels from the smallest, and in parts of the image's longer side to the largest. */
const smallestRadius = 1.2;
const largestRadius = 0.45;
/** Standard deviation of a leaf's brightness and of its colour, the half range being 1. */
const brightnessSpread = 0.56;
const colourSpread = 0.18;
/** How far the brightness and the colour of a whole image may lie from the middle. */
const imageBrightness = 0.3;
const imageColour = 0.17;
/** Rows of the kernel that softens the edges, as those of photographs are: its outer product, its centre raised. */
const softener = [1, 2, 1, 2, 6, 2, 1, 2, 1];

/**
 * Dead leaves (Lee, Mumford and Huang 2001): shapes of random place, colour and size that cover each other, with a
 * density of radii ∝ r⁻³. Their contrast, edges and spectrum are those of photographs, without one photograph: what
 * the first layers of a network see of them has the size of what they see of natural images.
 *
 * @param shape [count, height, width, channels]
 * @returns pixels in the range, row-major
 */
export function deadLeaves(
  shape: readonly [number, number, number, number],
  [low, high]: PixelRange,
  random: RandomStream,
): Float32Array {
  const [count, height, width, channels] = shape;
  const size = height * width * channels;
  const pixels = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const leaves = drawLeaves(height, width, channels, random);
    const image = softened(leaves, height, width, channels);
    for (let k = 0; k < size; k++)
      pixels[i * size + k] = low + ((image[k]! + 1) / 2) * (high - low);
  }
  return pixels;
}

/** One image in [-1, 1], from the front to the back. */
function drawLeaves(
  height: number,
  width: number,
  channels: number,
  random: RandomStream,
): Float32Array {
  const around = (spread: number) => spread * (2 * random.uniform() - 1);
  const image = new Float32Array(height * width * channels);
  const covered = new Uint8Array(height * width);
  const largest = Math.max(smallestRadius, largestRadius * Math.max(height, width));
  const tint = Array.from({ length: channels }, () => around(imageColour));
  const brightness = around(imageBrightness);
  const leaves = leavesPerPixel * covered.length;
  for (let leaf = 1, left = covered.length; leaf <= leaves && left > 0; leaf++) {
    const light = brightness + brightnessSpread * random.normal();
    const colour = tint.map((c) => clip(light + c + colourSpread * random.normal()));
    const inside = leafShape(height, width, largest, random);
    const { reach, x: middleX, y: middleY } = inside;
    const everywhere = leaf === leaves;
    const [top, bottom] = everywhere ? [0, height] : between(middleY, reach, height);
    const [start, end] = everywhere ? [0, width] : between(middleX, reach, width);
    for (let y = top; y < bottom; y++) {
      for (let x = start; x < end; x++) {
        const at = y * width + x;
        if (covered[at] || !(everywhere || inside.holds(x, y))) continue;
        covered[at] = 1;
        left--;
        image.set(colour, at * channels);
      }
    }
  }
  return image;
}

interface Leaf {
  readonly x: number;
  readonly y: number;
  /** No point of the leaf is farther from its middle, along either axis. */
  readonly reach: number;
  readonly holds: (x: number, y: number) => boolean;
}

/** An ellipse, or every third time a rectangle, turned by any angle. */
function leafShape(height: number, width: number, largest: number, random: RandomStream): Leaf {
  // The inverse of the distribution function of a density ∝ r⁻³.
  const [a, b] = [smallestRadius ** -2, largest ** -2];
  const radius = (a + random.uniform() * (b - a)) ** -0.5;
  const x = random.uniform() * (width + 2 * radius) - radius;
  const y = random.uniform() * (height + 2 * radius) - radius;
  const rectangle = random.integer(3) === 0;
  const angle = random.uniform() * Math.PI;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const stretch = 0.4 + 1.2 * random.uniform();
  return {
    x,
    y,
    reach: radius * (1 + stretch),
    holds: (px, py) => {
      const along = (px - x) * cos + (py - y) * sin;
      const across = ((py - y) * cos - (px - x) * sin) / stretch;
      return rectangle
        ? Math.max(Math.abs(along), Math.abs(across)) < radius
        : along ** 2 + across ** 2 < radius ** 2;
    },
  };
}

/** The whole numbers from 0 below `size` that are at most `reach` from `middle`: the first, and the end. */
function between(middle: number, reach: number, size: number): [number, number] {
  return [Math.max(0, Math.ceil(middle - reach)), Math.min(size, Math.floor(middle + reach) + 1)];
}

/** Each pixel the weighted mean of its neighbours that are in the image. */
function softened(
  image: Float32Array,
  height: number,
  width: number,
  channels: number,
): Float32Array {
  const result = new Float32Array(image.length);
  for (let at = 0; at < image.length; at++) {
    const channel = at % channels;
    const x = ((at - channel) / channels) % width;
    const y = Math.floor(at / (width * channels));
    let [sum, weights] = [0, 0];
    softener.forEach((weight, k) => {
      const [ny, nx] = [y + Math.floor(k / 3) - 1, x + (k % 3) - 1];
      if (ny < 0 || nx < 0 || ny >= height || nx >= width) return;
      sum += weight * image[(ny * width + nx) * channels + channel]!;
      weights += weight;
    });
    result[at] = sum / weights;
  }
  return result;
}

function clip(value: number): number {
  return Math.min(1, Math.max(-1, value));
}
