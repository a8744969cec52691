import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { gatedGradient, gates, type Pooling } from './pooling.js';

const [height, width, channels, steps] = [4, 4, 2, 12];
const pooling: Pooling = {
  window: { kernel: [2, 2], stride: [2, 2], dilation: [1, 1], padding: [0, 0, 0, 0] },
  area: 4,
  divisor: 4,
  countPadded: true,
  input: [height, width, channels],
  output: [2, 2, channels],
};
const units = height * width * channels;

/** The units of an output's window. */
function windowOf(output: number): number[] {
  const [row, column, c] = [Math.floor(output / 4), Math.floor(output / 2) % 2, output % 2];
  return [0, 1, 2, 3].map(
    (k) => ((2 * row + (k >> 1)) * width + 2 * column + (k & 1)) * channels + c,
  );
}

const trains = fc
  .array(fc.array(fc.constantFrom(0, 0, 1), { minLength: units, maxLength: units }), {
    minLength: 1,
    maxLength: steps,
  })
  .map((signal) => signal.map((x) => Float32Array.from(x)));

describe('gates', () => {
  it('let as many spikes pass as the most active unit of the window has given, at every time-step', () => {
    fc.assert(
      fc.property(trains, (signal) => {
        const open = gates(pooling, signal);
        const passed = new Array<number>(8).fill(0);
        const given = new Array<number>(units).fill(0);
        signal.forEach((x, t) => {
          x.forEach((spike, i) => (given[i]! += spike));
          open[t]!.forEach((unit, output) => {
            expect(windowOf(output)).toContain(unit);
            passed[output]! += x[unit]!;
            expect(passed[output]).toBe(Math.max(...windowOf(output).map((i) => given[i]!)));
          });
        });
      }),
    );
  });

  it('send the gradient to the unit whose gate is open', () => {
    fc.assert(
      fc.property(trains, (signal) => {
        const last = gates(pooling, signal).at(-1)!;
        const found = gatedGradient(pooling, last, Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8));
        const expected = new Float32Array(units);
        last.forEach((unit, output) => (expected[unit] = output + 1));
        expect(found).toEqual(expected);
      }),
    );
  });
});
