import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UserError } from '@privatesnn/core';

import { parseIdx } from './idx.js';

function encode(dimensions: readonly number[], data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * dimensions.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x0800 + dimensions.length);
  dimensions.forEach((size, i) => view.setUint32(4 + 4 * i, size));
  bytes.set(data, 4 + 4 * dimensions.length);
  return bytes;
}

const idx = fc
  .array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 3 })
  .chain((dimensions) => {
    const length = dimensions.reduce((product, n) => product * n, 1);
    return fc.record({
      dimensions: fc.constant(dimensions),
      data: fc.uint8Array({ minLength: length, maxLength: length }),
    });
  });

describe('parseIdx', () => {
  it('reads back what was written', () => {
    fc.assert(
      fc.property(idx, ({ dimensions, data }) => {
        const parsed = parseIdx(encode(dimensions, data), dimensions.length, 'x');
        expect(parsed.dimensions).toEqual(dimensions);
        expect(parsed.data).toEqual(data);
      }),
    );
  });

  it('refuses every truncated and every longer file, and says the sizes', () => {
    fc.assert(
      fc.property(idx, fc.nat(), fc.nat(9), ({ dimensions, data }, at, more) => {
        const whole = encode(dimensions, data);
        const cut = whole.subarray(0, at % whole.length);
        const rank = dimensions.length;
        expect(() => parseIdx(cut, rank, 'cut.idx')).toThrow(
          new RegExp(`^cut.idx should hold .*holds ${cut.length}\\.$`),
        );
        const longer = new Uint8Array(whole.length + 1 + more);
        longer.set(whole);
        expect(() => parseIdx(longer, rank, 'long.idx')).toThrow(
          `long.idx should hold ${whole.length} bytes (unpacked), but holds ${longer.length}.`,
        );
      }),
    );
  });

  it('fails on any bytes with a UserError or reads them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.integer({ min: 1, max: 3 }),
        (bytes, rank) => {
          try {
            parseIdx(bytes, rank, 'x');
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        },
      ),
    );
  });

  it('tells labels from images by the magic number', () => {
    const labels = encode([16], new Uint8Array(16));
    expect(() => parseIdx(labels, 3, 'labels')).toThrow(
      'labels starts with 0x00000801; an IDX file of unsigned bytes in 3 dimension(s) starts with 0x00000803.',
    );
  });
});
