import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';

import { Dense } from './dense.js';
import type { DenseLayer } from './network.js';
import type { ConvShape } from './shapes.js';
import { engines, expectSame } from './testing/engines.js';
import { winogradOutputs, winogradUnits } from './winograd.js';

afterAll(() => Promise.all(engines.map((engine) => engine.close())));

/** Of the largest Σ|x·w|; what was measured is a third of it. */
const tolerance = 2e-6;

const shapes = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    height: fc.integer({ min: 2, max: 11 }),
    width: fc.integer({ min: 2, max: 11 }),
    channels: fc.constantFrom(16, 17, 32, 35, 64, 70),
    filters: fc.constantFrom(16, 19, 33, 64, 65, 130),
    padTop: fc.integer({ min: 0, max: 2 }),
    padLeft: fc.integer({ min: 0, max: 2 }),
  })
  .map((s): ConvShape => ({
    ...s,
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
    outHeight: s.height + 2 * s.padTop - 2,
    outWidth: s.width + 2 * s.padLeft - 2,
  }))
  .filter((s) => s.outHeight > 0 && s.outWidth > 0 && winogradOutputs(s) > 0);

/** Numbers in [-1, 1) with all their bits in use. */
function fractions(length: number, seed: number): Float32Array {
  let state = (seed % 2147483646) + 1;
  return Float32Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state / 2 ** 30 - 1;
  });
}

/** The convolution by its definition in double precision, its gradient at the input, and their sums of sizes. */
function byDefinition(s: ConvShape, x: Float32Array, filter: Float32Array, dy: Float32Array) {
  const y = new Float64Array(dy.length);
  const dx = new Float64Array(x.length);
  const sizes = { y: new Float64Array(dy.length), dx: new Float64Array(x.length) };
  for (let pixel = 0; pixel < s.images * s.outHeight * s.outWidth; pixel++) {
    const image = Math.floor(pixel / (s.outHeight * s.outWidth));
    const top = (Math.floor(pixel / s.outWidth) % s.outHeight) - s.padTop;
    const left = (pixel % s.outWidth) - s.padLeft;
    for (let tap = 0; tap < 9; tap++) {
      const [row, column] = [top + Math.floor(tap / 3), left + (tap % 3)];
      if (row < 0 || row >= s.height || column < 0 || column >= s.width) continue;
      for (let c = 0; c < s.channels; c++) {
        const from = ((image * s.height + row) * s.width + column) * s.channels + c;
        const weights = (tap * s.channels + c) * s.filters;
        for (let f = 0; f < s.filters; f++) {
          const to = pixel * s.filters + f;
          const weight = filter[weights + f]!;
          y[to]! += x[from]! * weight;
          dx[from]! += dy[to]! * weight;
          sizes.y[to]! += Math.abs(x[from]! * weight);
          sizes.dx[from]! += Math.abs(dy[to]! * weight);
        }
      }
    }
  }
  return { y, dx, sizes };
}

function expectClose(actual: Float32Array, expected: Float64Array, sizes: Float64Array): void {
  const most = tolerance * sizes.reduce((a, b) => Math.max(a, b), 0);
  expect(actual.length).toBe(expected.length);
  const at = actual.findIndex((value, i) => !(Math.abs(value - expected[i]!) <= most));
  if (at >= 0) expect({ at, value: actual[at] }).toEqual({ at, value: expected[at], most });
}

describe.each(engines.map((engine) => [engine.instructions, engine] as const))('%s', (_, dense) => {
  test('a convolution and its gradient at the input are those of the definition', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), (s, seed) => {
        const x = fractions(s.images * s.height * s.width * s.channels, seed);
        const filter = fractions(9 * s.channels * s.filters, seed + 1);
        const dy = fractions(s.images * s.outHeight * s.outWidth * s.filters, seed + 2);
        const { y, dx, sizes } = byDefinition(s, x, filter, dy);
        expectClose(dense.conv(s, x, filter), y, sizes.y);
        expectClose(dense.convInputGradient(s, dy, filter), dx, sizes.dx);
      }),
      { numRuns: 25 },
    );
  });

  test('in a network bias, ReLU and the mask of the gradient are taken on the way', () => {
    fc.assert(
      fc.property(shapes, fc.nat(), (drawn, seed) => {
        // Two layers: the gradient of the second is masked by the outputs of the first.
        const first: ConvShape = { ...drawn, padTop: 1, padLeft: 1 };
        const s = { ...first, outHeight: first.height, outWidth: first.width };
        const second: ConvShape = { ...s, channels: s.filters, filters: s.channels };
        const pixels = s.images * s.height * s.width;
        const x = fractions(pixels * s.channels, seed);
        const dy = fractions(pixels * second.filters, seed + 1);
        const layers = [s, second].map(({ channels, filters }, i): DenseLayer => ({
          kind: 'weighted',
          weight: fractions(9 * channels * filters, seed + 2 + i),
          bias: fractions(filters, seed + 4 + i),
          filters,
          window: { kernel: 3, stride: 1, padding: 1 },
          relu: i === 0,
        }));
        const weights = layers.map(
          (layer) => ('weight' in layer ? layer.weight : []) as Float32Array,
        );
        const biases = layers.map((layer) => ('bias' in layer ? layer.bias : []) as Float32Array);
        const network = dense.network([s.height, s.width, s.channels], layers, s.images);
        try {
          const hidden = dense
            .conv(s, x, weights[0]!)
            .map((sum, i) => Math.max(0, Math.fround(sum + biases[0]![i % s.filters]!)));
          const y = dense
            .conv(second, hidden, weights[1]!)
            .map((sum, i) => sum + biases[1]![i % second.filters]!);
          expectSame(network.forward(x, s.images), y);
          const dHidden = dense
            .convInputGradient(second, dy, weights[1]!)
            .map((gradient, i) => (hidden[i]! > 0 ? gradient : 0));
          expectSame(network.backward(dy), dense.convInputGradient(s, dHidden, weights[0]!));
        } finally {
          network.close();
        }
      }),
      { numRuns: 15 },
    );
  });

  test('gives an image the same bits in any batch, on any number of threads', async () => {
    const shape: ConvShape = {
      ...{ images: 17, height: 9, width: 9, channels: 40, filters: 150 },
      ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
      ...{ padTop: 1, padLeft: 1, outHeight: 9, outWidth: 9 },
    };
    const x = fractions(17 * 81 * 40, 1);
    const filter = fractions(9 * 40 * 150, 2);
    const expected = dense.conv(shape, x, filter);
    const alone = dense.conv({ ...shape, images: 1 }, x.subarray(16 * 81 * 40), filter);
    expectSame(alone, expected.subarray(16 * 81 * 150));
    for (const threads of [2, 3]) {
      const engine = new Dense({
        kind: dense.kind,
        ...(dense.kind === 'native' ? { instructions: dense.instructions } : {}),
        threads,
      });
      for (let i = 0; i < 6; i++) {
        expectSame(engine.conv(shape, x, filter), expected);
        // Lets the workers start.
        if (i < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await engine.close();
    }
  });
});

describe('the rule', () => {
  const shape = (side: number, channels: number, filters: number) => ({
    ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
    ...{ channels, filters, outHeight: side, outWidth: side },
  });

  test('takes the fewest products', () => {
    const found = [1, 2, 3, 4, 5, 6, 7, 8, 32].map((side) => winogradOutputs(shape(side, 64, 64)));
    expect(found).toEqual([0, 2, 4, 4, 2, 2, 4, 4, 4]);
  });

  test('leaves few channels, other windows and strides as they are', () => {
    expect(winogradOutputs(shape(32, 3, 64))).toBe(0);
    expect(winogradOutputs(shape(32, 64, 3))).toBe(0);
    expect(winogradOutputs(shape(2, 16, 16))).toBe(0);
    expect(winogradOutputs({ ...shape(32, 64, 64), kernelWidth: 1 })).toBe(0);
    expect(winogradOutputs({ ...shape(32, 64, 64), strideHeight: 2 })).toBe(0);
  });

  test('cuts the work into units that cover it', () => {
    const tile = { rows: 6, columns: 64 };
    for (const images of [1, 7, 50]) {
      const s = { ...shape(8, 64, 200), images };
      const { tiles, blocks, units } = winogradUnits(4, s, tile);
      expect(tiles % tile.rows).toBe(0);
      expect(units).toBe(Math.ceil((4 * images) / tiles) * Math.ceil(200 / (64 * blocks)));
    }
  });
});
