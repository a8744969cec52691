import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Heap } from '../heap.js';
import { loadKernels } from '../kernels.js';
import { spikeTrains } from './spike-trains.js';
import type { Training } from './training.js';

/** Time-steps whose trains are listed together (CHUNK in kernels/trains.h). */
const chunk = 128;

const shape = fc.record({
  height: fc.integer({ min: 1, max: 3 }),
  width: fc.integer({ min: 1, max: 4 }),
  channels: fc.integer({ min: 1, max: 5 }),
  steps: fc.constantFrom(1, 7, 128, 300),
  // How often a channel spikes at a time-step: joined pixels spike more than once.
  spikes: fc.infiniteStream(fc.constantFrom(0, 0, 0, 1, 1, 4)),
});

it('are all spikes of each entry, the longest trains of a pixel first', () => {
  const heap = new Heap(loadKernels());
  const start = heap.top;
  fc.assert(
    fc.property(shape, ({ height, width, channels, steps, spikes }) => {
      heap.release(start);
      const positions: number[] = [];
      const entries: number[] = [];
      // By row, chunk and pixel: the time-steps of each entry.
      const expected = new Map<string, Map<number, number[]>>();
      for (let y = 0; y < height; y++) {
        for (let t = 0; t < steps; t++) {
          for (let x = 0; x < width; x++) {
            positions.push(entries.length);
            const key = [y, Math.floor(t / chunk), x].join();
            const trains = expected.get(key) ?? new Map<number, number[]>();
            expected.set(key, trains);
            for (let entry = x * channels; entry < (x + 1) * channels; entry++) {
              for (let n = spikes.next().value!; n > 0; n--) {
                entries.push(entry);
                trains.set(entry, [...(trains.get(entry) ?? []), t]);
              }
            }
          }
          positions.push(entries.length);
        }
      }
      const ptr = heap.alloc('positions', positions.length * 4);
      heap.u32(ptr, positions.length).set(positions);
      const list = heap.alloc('entries', entries.length * 4);
      heap.u32(list, entries.length).set(entries);
      const network = {
        heap,
        layer: () => ({ name: 'conv', input: { height, width } }),
        inputChannels: () => channels,
      };
      const training = { heap, network, steps } as unknown as Training;
      const found = spikeTrains(training, 0, { ptr, list }, entries.length);

      const chunks = Math.ceil(steps / chunk);
      const trainPtr = heap.u32(found.trainPtr, height * chunks * (width + 1));
      const trains = heap.u32(found.trains, entries.length * 3);
      const times = new Uint16Array(heap.u8(found.times, entries.length * 2).slice().buffer);
      for (const [key, train] of expected) {
        const [y, c, x] = key.split(',').map(Number) as [number, number, number];
        const at = (y * chunks + c) * (width + 1) + x;
        const actual: [number, number[]][] = [];
        for (let i = trainPtr[at]!; i < trainPtr[at + 1]!; i++) {
          const begin = trains[3 * i + 1]!;
          actual.push([trains[3 * i]!, [...times.subarray(begin, begin + trains[3 * i + 2]!)]]);
        }
        const lengths = actual.map(([, { length }]) => Math.min(length, 127));
        expect(lengths).toEqual([...lengths].sort((a, b) => b - a));
        expect(actual.sort(([a], [b]) => a - b)).toEqual([...train].sort(([a], [b]) => a - b));
      }
    }),
    { numRuns: 50 },
  );
});
