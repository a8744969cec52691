import { fc, test as property } from '@fast-check/vitest';
import { afterEach, expect, test, vi } from 'vitest';

import type { NodeJob, NodeOutcome } from '../../contracts/work.js';
import { whenIdle } from './idle.js';

afterEach(() => vi.useRealTimers());

const idle = 1000;

/** A worker whose jobs end when they are told to, watched on a clock that is played. */
function watched() {
  vi.useFakeTimers();
  let calls = 0;
  const ends = new Set<() => void>();
  const worker = whenIdle(
    {
      slots: 2,
      tell: () => undefined,
      work: () =>
        new Promise<NodeOutcome>((resolve) => ends.add(() => resolve({ status: 'elsewhere' }))),
    },
    idle,
    () => calls++,
  );
  return {
    begin: () => void worker.work({} as NodeJob, '', () => undefined, new AbortController().signal),
    async endOne() {
      const [end] = ends;
      if (end) ends.delete(end);
      end?.();
      await vi.advanceTimersByTimeAsync(0);
    },
    pass: (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds),
    calls: () => calls,
    working: () => ends.size,
  };
}

property.prop([
  fc.array(fc.record({ act: fc.constantFrom('begin', 'end'), after: fc.nat(2 * idle) }), {
    maxLength: 30,
  }),
])(
  'a worker counts as idle where it has done nothing for so long, and only then',
  async (steps) => {
    const { begin, endOne, pass, calls, working } = watched();
    let since: number | undefined = 0;
    let now = 0;
    let expected = 0;
    for (const { act, after } of steps) {
      const rested = since === undefined ? 0 : now - since;
      if (rested < idle && since !== undefined && rested + after >= idle) expected++;
      now += after;
      await pass(after);
      expect(calls()).toBe(expected);
      if (act === 'begin') begin();
      else await endOne();
      if (working() > 0) since = undefined;
      else since ??= now;
    }
  },
);

test('a job that fails counts as one that has ended', async () => {
  vi.useFakeTimers();
  let calls = 0;
  const broken = { slots: 1, tell: () => undefined, work: () => Promise.reject(new Error('x')) };
  const worker = whenIdle(broken, idle, () => calls++);
  await vi.advanceTimersByTimeAsync(idle - 1);
  const asked = worker.work({} as NodeJob, '', () => undefined, new AbortController().signal);
  await expect(asked).rejects.toThrow('x');
  await vi.advanceTimersByTimeAsync(idle - 1);
  expect(calls).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(calls).toBe(1);
});
