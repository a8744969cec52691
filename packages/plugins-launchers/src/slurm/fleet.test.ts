import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import { createFleet } from './fleet.js';
import type { Task } from './states.js';

const few = 30;
const task = (id: string, state: string): Task => ({ id, state, reason: '', node: 'n1' });

property.prop([
  fc.array(fc.record({ wanted: fc.nat(3000), after: fc.nat(20), end: fc.nat(4) }), {
    maxLength: 30,
  }),
])('there are never more workers than wanted, nor fewer for long', (steps) => {
  const fleet = createFleet({ few });
  const state = new Map<string, string>();
  let arrays = 0;
  let now = 0;
  let shortSince: number | undefined;
  for (const { wanted, after, end } of steps) {
    now += after;
    const count = fleet.missing(wanted, now);
    expect(count).toBeLessThanOrEqual(1000);
    if (count > 0) {
      expect(fleet.live + count).toBeLessThanOrEqual(wanted);
      const array = String(++arrays);
      fleet.submitted(array, count);
      for (let index = 1; index <= count; index++) state.set(`${array}_${index}`, 'RUNNING');
    } else if (fleet.live < wanted) {
      // Fewer than half are missing, and not for long.
      expect(wanted - fleet.live).toBeLessThan(fleet.live);
      shortSince ??= now;
      expect(now - shortSince).toBeLessThan(few);
    }
    if (fleet.live >= wanted) shortSince = undefined;
    const running = [...state].filter(([, how]) => how === 'RUNNING').map(([id]) => id);
    const ending = running.slice(0, Math.floor((running.length * end) / 4));
    for (const id of ending) state.set(id, 'TIMEOUT');
    const ended = fleet.look([...state].map(([id, how]) => task(id, how)));
    expect(ended.map(({ id }) => id).sort()).toEqual(ending.sort());
    expect(fleet.live).toBe(running.length - ending.length);
  }
});

test('what Slurm knows nothing of has ended; what waits is told apart', () => {
  const fleet = createFleet({ few });
  fleet.submitted('7', 3);
  fleet.submitted('8', 1);
  expect(fleet.arrays).toEqual(['7', '8']);
  expect(fleet.look([task('7_1', 'RUNNING'), task('7_2', 'PENDING')])).toMatchObject([
    { id: '7_3', state: 'UNKNOWN' },
    { id: '8_1', state: 'UNKNOWN' },
  ]);
  expect(fleet.waiting.map(({ id }) => id)).toEqual(['7_2']);
  expect(fleet.arrays).toEqual(['7']);
  expect(fleet.live).toBe(2);
});
