import fc from 'fast-check';
import { afterAll, describe, test } from 'vitest';

import { Dense } from './dense.js';
import type { ConvShape, MatMulShape } from './shapes.js';
import { engines, expectSame, numbers } from './testing/engines.js';
import { winogradOutputs } from './winograd.js';

afterAll(() => Promise.all(engines.map((engine) => engine.close())));

/** Whether sums of small integers are exact, forward and back: not with minimal filtering, see winograd.test.ts. */
const isExact = (s: ConvShape) =>
  winogradOutputs(s) + winogradOutputs({ ...s, outHeight: s.height, outWidth: s.width }) === 0;

const side = fc.integer({ min: 1, max: 7 });
const convShapes = fc
  .record({
    images: fc.integer({ min: 1, max: 3 }),
    height: side,
    width: side,
    channels: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 17)),
    kernelHeight: fc.integer({ min: 1, max: 4 }),
    kernelWidth: fc.integer({ min: 1, max: 4 }),
    filters: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 31, 64, 65)),
    strideHeight: fc.integer({ min: 1, max: 3 }),
    strideWidth: fc.integer({ min: 1, max: 3 }),
    padTop: fc.integer({ min: 0, max: 4 }),
    padLeft: fc.integer({ min: 0, max: 4 }),
  })
  .map((s): ConvShape => ({
    ...s,
    outHeight: Math.floor((s.height + 2 * s.padTop - s.kernelHeight) / s.strideHeight) + 1,
    outWidth: Math.floor((s.width + 2 * s.padLeft - s.kernelWidth) / s.strideWidth) + 1,
  }))
  .filter((s) => s.outHeight > 0 && s.outWidth > 0 && isExact(s));

/** Calls back for each product of the convolution, with the places in input, filter and output. */
function forEachProduct(
  s: ConvShape,
  visit: (input: number, weight: number, output: number) => void,
): void {
  for (let image = 0; image < s.images; image++)
    for (let oy = 0; oy < s.outHeight; oy++)
      for (let ox = 0; ox < s.outWidth; ox++)
        for (let ky = 0; ky < s.kernelHeight; ky++)
          for (let kx = 0; kx < s.kernelWidth; kx++) {
            const y = oy * s.strideHeight + ky - s.padTop;
            const x = ox * s.strideWidth + kx - s.padLeft;
            if (y < 0 || y >= s.height || x < 0 || x >= s.width) continue;
            for (let c = 0; c < s.channels; c++)
              for (let o = 0; o < s.filters; o++)
                visit(
                  ((image * s.height + y) * s.width + x) * s.channels + c,
                  ((ky * s.kernelWidth + kx) * s.channels + c) * s.filters + o,
                  ((image * s.outHeight + oy) * s.outWidth + ox) * s.filters + o,
                );
          }
}

function sizes(s: ConvShape): { input: number; filter: number; output: number } {
  return {
    input: s.images * s.height * s.width * s.channels,
    filter: s.kernelHeight * s.kernelWidth * s.channels * s.filters,
    output: s.images * s.outHeight * s.outWidth * s.filters,
  };
}

describe.each(engines.map((engine) => [engine.instructions, engine] as const))('%s', (_, dense) => {
  test('convolution and both its gradients are those of the definition', () => {
    fc.assert(
      fc.property(convShapes, fc.nat(), (shape, seed) => {
        const size = sizes(shape);
        const x = numbers(size.input, seed);
        const filter = numbers(size.filter, seed + 1);
        const dy = numbers(size.output, seed + 2);
        const y = new Float32Array(size.output);
        const dx = new Float32Array(size.input);
        const dFilter = new Float32Array(size.filter);
        forEachProduct(shape, (i, w, o) => {
          y[o]! += x[i]! * filter[w]!;
          dx[i]! += dy[o]! * filter[w]!;
          dFilter[w]! += dy[o]! * x[i]!;
        });
        expectSame(dense.conv(shape, x, filter), y);
        expectSame(dense.convInputGradient(shape, dy, filter), dx);
        expectSame(dense.convFilterGradient(shape, x, dy), dFilter);
      }),
      { numRuns: 150 },
    );
  });

  test('matrix product is that of the definition', () => {
    const size = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(64, 65, 130));
    const shapes = fc.record({
      batch: fc.integer({ min: 1, max: 3 }),
      m: size,
      k: size,
      n: size,
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      shareA: fc.boolean(),
      shareB: fc.boolean(),
    }) satisfies fc.Arbitrary<MatMulShape>;
    fc.assert(
      fc.property(shapes, fc.nat(), (s, seed) => {
        const a = numbers((s.shareA ? 1 : s.batch) * s.m * s.k, seed);
        const b = numbers((s.shareB ? 1 : s.batch) * s.k * s.n, seed + 1);
        const expected = new Float32Array(s.batch * s.m * s.n);
        for (let i = 0; i < s.batch; i++) {
          const fromA = s.shareA ? 0 : i * s.m * s.k;
          const fromB = s.shareB ? 0 : i * s.k * s.n;
          for (let r = 0; r < s.m; r++)
            for (let c = 0; c < s.n; c++)
              for (let k = 0; k < s.k; k++)
                expected[(i * s.m + r) * s.n + c]! +=
                  a[fromA + (s.transposeA ? k * s.m + r : r * s.k + k)]! *
                  b[fromB + (s.transposeB ? c * s.k + k : k * s.n + c)]!;
        }
        expectSame(dense.matMul(s, a, b), expected);
      }),
      { numRuns: 60 },
    );
  });

  test('does not depend on the number of threads', async () => {
    const shape: ConvShape = {
      ...{ images: 5, height: 9, width: 9, channels: 20, filters: 40 },
      ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
      ...{ padTop: 1, padLeft: 1, outHeight: 9, outWidth: 9 },
    };
    const size = sizes(shape);
    // Fractions, so that another order of summation would show.
    const [x, filter, dy] = [size.input, size.filter, size.output].map((length, i) =>
      numbers(length, i).map((value) => value / 7),
    );
    const compute = (engine: Dense): Float32Array[] => [
      engine.conv(shape, x!, filter!),
      engine.convInputGradient(shape, dy!, filter!),
      engine.convFilterGradient(shape, x!, dy!),
    ];
    const expected = compute(dense);
    for (const threads of [0, 2, 3]) {
      const engine = new Dense({
        kind: dense.kind,
        ...(dense.kind === 'native' ? { instructions: dense.instructions } : {}),
        threads,
      });
      for (let i = 0; i < 20; i++) {
        compute(engine).forEach((result, at) => expectSame(result, expected[at]!));
        // Lets the workers start.
        if (i < 3) await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await engine.close();
    }
  });
});
