import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { recordSink } from './records.js';

describe('recordSink', () => {
  it('gives the same records however the bytes are cut into chunks', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.uint8Array({ maxLength: 12 })),
        (size, chunks) => {
          const records: number[][] = [];
          const sink = recordSink(size, (index, record) => {
            expect(index).toBe(records.length);
            records.push([...record]);
          });
          chunks.forEach(sink);
          const bytes = chunks.flatMap((chunk) => [...chunk]);
          const expected = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) =>
            bytes.slice(i * size, (i + 1) * size),
          );
          expect(records).toEqual(expected);
        },
      ),
    );
  });
});
