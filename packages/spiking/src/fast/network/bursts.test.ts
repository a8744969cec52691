import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Heap } from '../heap.js';
import { loadKernels } from '../kernels.js';
import type { Network } from './network.js';
import { sortedBursts } from './bursts.js';

/** Steps whose bursts are sorted together (PERIOD in kernels/bursts.h). */
const period = 128;

/** A convolution and how many spikes its pixels have, [height][steps][width]. */
const convolution = fc
  .record({
    height: fc.integer({ min: 1, max: 3 }),
    width: fc.integer({ min: 1, max: 6 }),
    steps: fc.constantFrom(1, 7, 128, 300),
    channels: fc.constantFrom(1, 128, 129, 400),
    kernel: fc.integer({ min: 1, max: 5 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.integer({ min: 0, max: 7 }),
  })
  .filter(({ height, width, kernel, padding }) => Math.min(height, width) + 2 * padding >= kernel)
  .chain((shape) =>
    fc.record({
      shape: fc.constant(shape),
      counts: fc.infiniteStream(fc.integer({ min: 0, max: shape.channels })),
    }),
  );

it('are the spikes of each tap and time-step, the longest first', () => {
  const heap = new Heap(loadKernels());
  const start = heap.top;
  fc.assert(
    fc.property(convolution, ({ shape, counts }) => {
      const { height, width, steps, channels, kernel, stride, padding } = shape;
      const outWidth = Math.floor((width + 2 * padding - kernel) / stride) + 1;
      heap.release(start);
      const positions: number[] = [];
      let spikes = 0;
      for (let row = 0; row < height * steps; row++) {
        for (let x = 0; x < width; x++) {
          positions.push(spikes);
          spikes += counts.next().value!;
        }
        positions.push(spikes);
      }
      const ptr = heap.alloc('positions', positions.length * 4);
      heap.u32(ptr, positions.length).set(positions);
      const network = {
        heap,
        layer: () => ({ name: 'conv', output: { width: outWidth } }),
      } as unknown as Network;
      const at = sortedBursts(network, 0, {
        ...{ ptr, list: 0, weights: 0, base: 0, basePerPixel: 0, blocks: 1 },
        ...{
          steps,
          timeSteps: steps,
          height,
          width,
          channels,
          outWidth,
          outHeight: 1,
        },
        ...{ kernelHeight: kernel, kernelWidth: kernel, strideY: stride, strideX: stride },
        ...{ top: padding, left: padding, grouped: 0 },
      });

      const isRow = kernel > 1 && kernel * channels <= 384;
      const columns = isRow ? outWidth : width;
      const words = heap.u32(at, height * columns * steps * 3);
      const inside = (x: number) => Math.min(Math.max(x, 0), width);
      for (let y = 0; y < height; y++) {
        for (let column = 0; column < columns; column++) {
          const first = isRow ? column * stride - padding : column;
          const left = inside(first);
          const right = inside(first + (isRow ? kernel : 1));
          for (let from = 0; from < steps; from += period) {
            const count = Math.min(period, steps - from);
            const offset = ((y * columns + column) * steps + from) * 3;
            const bursts = Array.from({ length: count }, (_, i) => ({
              begin: words[offset + 3 * i]!,
              count: words[offset + 3 * i + 1]!,
              step: words[offset + 3 * i + 2]!,
            }));
            const expected = Array.from({ length: count }, (_, step) => {
              const row = (y * steps + from + step) * (width + 1);
              const begin = positions[row + left]!;
              return { begin, count: positions[row + right]! - begin, step };
            });
            const lengths = bursts.map((burst) => Math.min(burst.count, 127));
            expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
            expect(bursts.sort((a, b) => a.step - b.step)).toEqual(expected);
          }
        }
      }
    }),
    { numRuns: 50 },
  );
});
