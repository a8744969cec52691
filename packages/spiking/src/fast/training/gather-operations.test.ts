import fc from 'fast-check';
import { expect, test } from 'vitest';

import { gatherOperations, valuesOperations } from './gather-operations.js';

const side = fc.integer({ min: 1, max: 5 });
const lists = fc
  .record({
    ...{ height: side, width: side, outHeight: side, outWidth: side },
    ...{ outChannels: fc.integer({ min: 1, max: 3 }), groups: fc.integer({ min: 1, max: 3 }) },
    ...{ kernel: side, stride: fc.integer({ min: 1, max: 3 }), padding: fc.nat(2) },
    dense: fc.constantFrom(0, 1),
    entries: fc.infiniteStream(fc.nat(3)),
  })
  .map(({ entries, dense, height, width, groups, ...rest }) => {
    // What is dense has one pixel of outputs.
    const size = dense ? { height: 1, width: 1 } : { height, width };
    const counts = Array.from({ length: size.height }, () =>
      Array.from({ length: groups }, () =>
        Array.from({ length: size.width }, () => entries.next().value!),
      ),
    );
    return { ...rest, ...size, dense, counts };
  });

test('counts each entry once for each number that it reaches', () => {
  fc.assert(
    fc.property(lists, ({ counts, ...shape }) => {
      const { kernel, stride, padding, dense, outHeight, outWidth, outChannels } = shape;
      const positions: number[] = [];
      let end = 0;
      let expected = 0;
      counts.forEach((groups, y) =>
        groups.forEach((row) => {
          row.forEach((entries, x) => {
            positions.push(end);
            end += entries;
            for (let toY = 0; toY < outHeight; toY++) {
              for (let toX = 0; toX < outWidth; toX++) {
                const [tapY, tapX] = [toY - y * stride + padding, toX - x * stride + padding];
                const isIn = Math.min(tapY, tapX) >= 0 && Math.max(tapY, tapX) < kernel;
                if (dense || isIn) expected += entries * outChannels;
              }
            }
          });
          positions.push(end);
        }),
      );
      const heap = { u32: () => Uint32Array.from(positions) as Uint32Array<ArrayBuffer> };
      const counted = gatherOperations(heap, { ...shape, ptr: 0 }, counts[0]!.length);
      expect(counted).toEqual({ operations: expected, bytes: 4 * expected });
    }),
  );
});

test('of dense values counts what lists of all of them do', () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 1, max: 4 }), ({ counts: _, ...shape }, channels) => {
      const { height, width } = shape;
      const positions = Uint32Array.from({ length: height * (width + 1) }, (_, at) => {
        const row = Math.floor(at / (width + 1));
        return channels * (at - row);
      }) as Uint32Array<ArrayBuffer>;
      const counted = gatherOperations({ u32: () => positions }, { ...shape, ptr: 0 }, 1);
      expect(valuesOperations({ ...shape, channels })).toEqual(counted);
    }),
  );
});
