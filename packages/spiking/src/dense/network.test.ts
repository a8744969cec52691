import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';

import type { ConvShape } from './shapes.js';
import type { DenseLayer } from './network.js';
import { engines, expectSame, numbers } from './testing/engines.js';

afterAll(() => Promise.all(engines.map((engine) => engine.close())));

interface Tensor {
  readonly shape: readonly [number, number, number];
  readonly data: Float32Array;
}

const layerKinds = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('conv' as const),
      kernel: fc.integer({ min: 1, max: 4 }),
      stride: fc.integer({ min: 1, max: 2 }),
      padding: fc.integer({ min: 0, max: 2 }),
      filters: fc.constantFrom(1, 3, 8, 17, 65),
      bias: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('pool' as const),
      // Powers of two, so that averages are exact.
      size: fc.constantFrom(1, 2, 4),
      largest: fc.boolean(),
    }),
  },
);
const networks = fc.record({
  height: fc.integer({ min: 1, max: 9 }),
  width: fc.integer({ min: 1, max: 9 }),
  channels: fc.constantFrom(1, 3, 16),
  images: fc.integer({ min: 1, max: 3 }),
  spare: fc.integer({ min: 0, max: 2 }),
  layers: fc.array(layerKinds, { maxLength: 4 }),
  hidden: fc.array(fc.constantFrom(1, 5, 20), { maxLength: 2 }),
  seed: fc.nat(),
});

type Drawn = typeof networks extends fc.Arbitrary<infer T> ? T : never;

/** The layers that fit, with small integers as weights, so that sums in any order are exact. */
function build({ height, width, channels, layers, hidden, seed }: Drawn) {
  const built: DenseLayer[] = [];
  const shapes: [number, number, number][] = [[height, width, channels]];
  for (const [i, drawn] of layers.entries()) {
    const [h, w, c] = shapes.at(-1)!;
    if (drawn.kind === 'pool') {
      if (drawn.size > Math.min(h, w)) continue;
      built.push(drawn);
      shapes.push([Math.floor(h / drawn.size), Math.floor(w / drawn.size), c]);
      continue;
    }
    const { kernel, stride, padding, filters } = drawn;
    const side = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
    if (padding >= kernel || side(h) < 1 || side(w) < 1) continue;
    // Minimal filtering rounds: see winograd.test.ts.
    if (kernel === 3 && stride === 1 && Math.min(c, filters) >= 16) continue;
    const weight = numbers(kernel * kernel * c * filters, seed + i).map(Math.sign);
    const bias = drawn.bias ? { bias: numbers(filters, seed + 50 + i) } : {};
    built.push({
      kind: 'weighted',
      weight,
      filters,
      window: { kernel, stride, padding },
      relu: true,
      ...bias,
    });
    shapes.push([side(h), side(w), filters]);
  }
  for (const [i, filters] of [...hidden, 4].entries()) {
    const [h, w, c] = shapes.at(-1)!;
    const weight = numbers(h * w * c * filters, seed + 100 + i).map(Math.sign);
    built.push({ kind: 'weighted', weight, filters, relu: i < hidden.length });
    shapes.push([1, 1, filters]);
  }
  return { built, shapes };
}

/** Sums beyond it are not exact in single precision, with the fractions that averages leave. */
const exact = 2 ** 16;

/** One layer by the definition; and its gradient. */
function apply(
  layer: DenseLayer,
  { shape, data }: Tensor,
  to: readonly [number, number, number],
  images: number,
) {
  const [h, w, c] = shape;
  const [oh, ow, o] = to;
  const y = new Float32Array(images * oh * ow * o);
  const back: ((dy: Float32Array, dx: Float32Array, weigh: (x: number) => number) => void)[] = [];
  let largest = 0;
  const at = (image: number, i: number, j: number, k: number) => ((image * h + i) * w + j) * c + k;
  for (let image = 0; image < images; image++)
    for (let i = 0; i < oh; i++)
      for (let j = 0; j < ow; j++)
        for (let f = 0; f < o; f++) {
          const out = ((image * oh + i) * ow + j) * o + f;
          const terms: [number, number][] = [];
          if (layer.kind === 'pool') {
            for (let u = 0; u < layer.size; u++)
              for (let v = 0; v < layer.size; v++)
                terms.push([at(image, i * layer.size + u, j * layer.size + v, f), 1]);
            if (layer.largest) {
              const best = terms.reduce((a, b) => (data[b[0]]! > data[a[0]]! ? b : a));
              y[out] = data[best[0]]!;
              back.push((dy, dx) => (dx[best[0]]! += dy[out]!));
            } else {
              const weight = Math.fround(1 / layer.size ** 2);
              y[out] = Math.fround(
                terms.reduce((sum, [k]) => Math.fround(sum + data[k]!), 0) * weight,
              );
              back.push((dy, dx) => terms.forEach(([k]) => (dx[k]! += dy[out]! * weight)));
            }
            continue;
          }
          const { weight, bias, window, filters } = layer;
          if (window) {
            for (let u = 0; u < window.kernel; u++)
              for (let v = 0; v < window.kernel; v++) {
                const [py, px] = [
                  i * window.stride + u - window.padding,
                  j * window.stride + v - window.padding,
                ];
                if (py < 0 || px < 0 || py >= h || px >= w) continue;
                for (let k = 0; k < c; k++)
                  terms.push([
                    at(image, py, px, k),
                    weight[((u * window.kernel + v) * c + k) * filters + f]!,
                  ]);
              }
          } else {
            for (let k = 0; k < h * w * c; k++)
              terms.push([image * h * w * c + k, weight[k * filters + f]!]);
          }
          const sum = terms.reduce((total, [k, x]) => total + data[k]! * x, bias?.[f] ?? 0);
          largest = Math.max(
            largest,
            terms.reduce((total, [k, x]) => total + Math.abs(data[k]! * x), 4),
          );
          y[out] = layer.relu ? Math.max(sum, 0) : sum;
          if (!layer.relu || sum > 0)
            back.push((dy, dx, weigh) =>
              terms.forEach(([k, x]) => (dx[k]! += dy[out]! * weigh(x))),
            );
        }
  return { y, back, largest };
}

type Pass = ReturnType<typeof apply> & { readonly length: number };

function goBack(
  passes: readonly Pass[],
  dy: Float32Array,
  weigh: (x: number) => number,
): Float32Array {
  let gradient = dy;
  for (const { back, length } of [...passes].reverse()) {
    const dx = new Float32Array(length);
    for (const step of back) step(gradient, dx, weigh);
    gradient = dx;
  }
  return gradient;
}

describe.each(engines.map((engine) => [engine.instructions, engine] as const))('%s', (_, dense) => {
  test('a network forward and back is its layers by definition, one after the other', () => {
    fc.assert(
      fc.property(networks, (drawn) => {
        const { built, shapes } = build(drawn);
        const { images, seed } = drawn;
        const network = dense.network(shapes[0]!, built, images + drawn.spare);
        try {
          for (const round of [1, 2]) {
            const size = shapes[0]!.reduce((a, b) => a * b);
            let data = numbers(images * size, seed + round);
            const x = data;
            const passes = built.map((layer, i) => {
              const pass = apply(layer, { shape: shapes[i]!, data }, shapes[i + 1]!, images);
              const length = data.length;
              data = pass.y;
              return { ...pass, length };
            });
            const dy = numbers(data.length, seed + 7);
            const gradient = goBack(passes, dy, (weight) => weight);
            const sizes = goBack(passes, dy.map(Math.abs), Math.abs);
            fc.pre(Math.max(...passes.map(({ largest }) => largest), ...sizes) < exact);
            expectSame(network.forward(x, images), data);
            expectSame(network.backward(dy), gradient);
          }
        } finally {
          network.close();
        }
      }),
      { numRuns: 150 },
    );
  });

  test('gives the bits of its layers, however many threads', () => {
    const shape: ConvShape = {
      ...{ images: 3, height: 6, width: 6, channels: 20, filters: 33 },
      ...{ kernelHeight: 3, kernelWidth: 3, strideHeight: 1, strideWidth: 1 },
      ...{ padTop: 1, padLeft: 1, outHeight: 6, outWidth: 6 },
    };
    const fraction = (length: number, seed: number) => numbers(length, seed).map((x) => x / 7);
    const x = fraction(3 * 36 * 20, 1);
    const filter = fraction(9 * 20 * 33, 2);
    const dy = fraction(3 * 36 * 33, 3);
    const window = { kernel: 3, stride: 1, padding: 1 };
    const network = dense.network(
      [6, 6, 20],
      [{ kind: 'weighted', weight: filter, filters: 33, window, relu: false }],
      3,
    );
    expect(network.forward(x, 3)).toEqual(dense.conv(shape, x, filter));
    expect(network.backward(dy)).toEqual(dense.convInputGradient(shape, dy, filter));
    network.close();
  });
});
