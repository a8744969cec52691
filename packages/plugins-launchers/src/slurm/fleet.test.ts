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
    const { ended } = fleet.look([...state].map(([id, how]) => task(id, how)));
    expect(ended.map(({ id }) => id).sort()).toEqual(ending.sort());
    expect(fleet.live).toBe(running.length - ending.length);
  }
});

const counted = fc.nat(2000);
const step = fc.oneof(
  fc.record({ act: fc.constant('want' as const), count: counted, after: fc.nat(20) }),
  fc.record({
    act: fc.constantFrom('start', 'end', 'release', 'dismiss'),
    count: fc.nat(50),
    after: fc.nat(20),
  }),
);

property.prop([fc.array(step, { maxLength: 40 })])(
  'follow-ups count as workers from when Slurm lets them go or they are released, and are never half missing',
  (steps) => {
    const fleet = createFleet({ few });
    /** What Slurm has: of tasks that have not ended, whether they are held. */
    const slurm = new Map<string, boolean>();
    const held = () => [...slurm].filter(([, is]) => is).map(([id]) => id);
    let arrays = 0;
    let now = 0;
    let wanted = 0;
    for (const { act, count, after } of steps) {
      now += after;
      const some = held().slice(0, count);
      if (act === 'want') wanted = count;
      if (act === 'end') for (const id of [...slurm.keys()].slice(0, count)) slurm.delete(id);
      if (act === 'start') for (const id of some) slurm.set(id, false);
      const tasks = [...slurm].map(([id, is]) =>
        is ? { ...task(id, 'PENDING'), reason: 'Dependency' } : task(id, 'RUNNING'),
      );
      fleet.look(tasks);
      if (act === 'release' || act === 'dismiss') {
        const own = fleet.held.slice(0, count);
        if (act === 'release') fleet.released(own);
        else fleet.dismissed(own);
        for (const id of own) {
          if (act === 'release') slurm.set(id, false);
          else slurm.delete(id);
        }
      }
      expect(fleet.held).toEqual(held());
      expect(fleet.live).toBe(slurm.size - fleet.held.length);
      const more = fleet.missingBehind(wanted, now);
      const less = fleet.surplus(wanted, now);
      if (more > 0) {
        expect(fleet.held.length + more).toBeLessThanOrEqual(wanted);
        fleet.submitted(String(++arrays), more, true);
        for (let index = 1; index <= more; index++) slurm.set(`${arrays}_${index}`, true);
      }
      if (less.length > 0) {
        expect(fleet.held.length - less.length).toBe(wanted);
        expect(fleet.held.slice(wanted)).toEqual(less);
        fleet.dismissed(less);
        for (const id of less) slurm.delete(id);
      }
      const there = held().length;
      if (there < wanted && more === 0) expect(wanted - there).toBeLessThan(there);
    }
  },
);

test('a few follow-ups that are missing, or too many, are borne with for a while', () => {
  const fleet = createFleet({ few });
  expect(fleet.missingBehind(4, 0)).toBe(4);
  fleet.submitted('1', 4, true);
  expect(fleet.missingBehind(4, 1)).toBe(0);
  expect(fleet.missingBehind(5, 2)).toBe(0);
  expect(fleet.missingBehind(5, few + 1)).toBe(0);
  expect(fleet.missingBehind(5, few + 2)).toBe(1);
  expect(fleet.surplus(3, 0)).toEqual([]);
  expect(fleet.surplus(3, few)).toEqual(['1_4']);
  expect(fleet.surplus(4, few + 1)).toEqual([]);
});

test('what Slurm knows nothing of has ended; what waits is told apart', () => {
  const fleet = createFleet({ few });
  fleet.submitted('7', 3);
  fleet.submitted('8', 1);
  expect(fleet.arrays).toEqual(['7', '8']);
  expect(fleet.look([task('7_1', 'RUNNING'), task('7_2', 'PENDING')])).toMatchObject({
    ended: [
      { id: '7_3', state: 'UNKNOWN' },
      { id: '8_1', state: 'UNKNOWN' },
    ],
    requeued: [],
  });
  expect(fleet.waiting.map(({ id }) => id)).toEqual(['7_2']);
  expect(fleet.arrays).toEqual(['7']);
  expect(fleet.live).toBe(2);
});

test('a task that worked and waits again is told once', () => {
  const fleet = createFleet({ few });
  fleet.submitted('7', 2);
  const states = ['PENDING', 'RUNNING', 'PENDING', 'PENDING', 'SUSPENDED', 'REQUEUED'];
  const told = states.map((state) => {
    const { ended, requeued } = fleet.look([task('7_1', state), task('7_2', 'RUNNING')]);
    expect(ended).toEqual([]);
    return requeued.map(({ id, state: before, node }) => [id, before, node]);
  });
  expect(told).toEqual([[], [], [['7_1', 'RUNNING', 'n1']], [], [], [['7_1', 'SUSPENDED', 'n1']]]);
});
