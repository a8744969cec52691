import { fakeContext, runStageContract } from '@privatesnn/testkit';
import { describe, expect, it } from 'vitest';

import { totalVariation } from './total-variation.js';

/** Images of 4 × 4 pixels and two channels with the pixels that a function gives. */
function images(pixel, count = 2) {
  const shape = [count, 4, 4, 2];
  const pixels = Uint8Array.from({ length: count * 32 }, (_, at) => {
    const place = at % 32;
    return pixel(place >> 3, (place >> 1) & 3, place & 1);
  });
  const labels = new Int32Array(count);
  return {
    type: 'images',
    shape,
    pixels,
    range: [0, 255],
    labels,
    classNames: ['a'],
    origin: 'real',
  };
}

runStageContract(totalVariation, { inputs: { images: images((y, x) => 16 * y + x) } });

async function measure(of, given = {}) {
  const stage = totalVariation.create({}, totalVariation.options.parse(given));
  return (await stage.run(fakeContext(), { images: of })).metrics.values;
}

describe('total-variation', () => {
  it('is 0 for constant channels and 1 for a chessboard', async () => {
    expect(await measure(images((_y, _x, channel) => 200 * channel))).toMatchObject({
      totalVariation: 0,
    });
    expect(await measure(images((y, x) => 255 * ((x + y) % 2)))).toMatchObject({
      totalVariation: 1,
    });
  });

  it('is half the step for stripes: only the neighbours across them differ', async () => {
    expect(await measure(images((y) => 255 * (y % 2)))).toMatchObject({ totalVariation: 0.5 });
  });

  it('is null for images of one pixel, and looks at no more than the limit', async () => {
    const one = { ...images(() => 7), shape: [2, 1, 1, 1], pixels: Uint8Array.of(1, 2) };
    expect(await measure(one, { limit: 1 })).toEqual({ totalVariation: null, images: 1 });
  });
});
