import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';

import { createSchedule, type Capacity, type ScheduleNode } from './schedule.js';

/** Graphs of which each node needs some of the ones before it. */
const graphs = fc
  .array(
    fc.record({
      inputs: fc.array(fc.nat(), { maxLength: 4 }),
      wanted: fc.nat(5),
      threads: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined }),
      memory: fc.nat(12),
    }),
    { maxLength: 40 },
  )
  .map((parts) =>
    parts.map(({ inputs, wanted, threads, memory }, index): ScheduleNode => ({
      id: `n${index}`,
      inputs: index === 0 ? [] : inputs.map((input) => `n${input % index}`),
      wanted,
      resources: { memory, ...(threads === undefined ? {} : { threads }) },
    })),
  );
const capacities = fc.record({
  slots: fc.integer({ min: 1, max: 5 }),
  threads: fc.integer({ min: 1, max: 8 }),
  memory: fc.integer({ min: 1, max: 20 }),
});
/** In which order running nodes end, and how; some are put back first, since others compute them. */
const fates = fc.array(
  fc.record({ pick: fc.nat(), fails: fc.boolean(), elsewhere: fc.boolean() }),
  { minLength: 60 },
);
type Fate = readonly {
  readonly pick: number;
  readonly fails: boolean;
  readonly elsewhere?: boolean;
}[];

interface Story {
  readonly started: readonly string[];
  readonly finished: ReadonlySet<string>;
  readonly failed: ReadonlySet<string>;
  readonly lost: readonly string[];
}

/** Runs a schedule to its end, and checks at every moment what must always hold. */
function play(
  nodes: readonly ScheduleNode[],
  capacity: Capacity,
  fate: Fate,
  failFast = false,
): Story {
  const schedule = createSchedule(nodes, capacity, { failFast });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const running = new Map<string, number>();
  const started: string[] = [];
  const finished = new Set<string>();
  const failed = new Set<string>();
  const lost: string[] = [];
  const away = new Set<string>();
  for (let step = 0; ; step++) {
    for (const { node, threads } of schedule.next()) {
      for (const input of byId.get(node)!.inputs) expect(finished).toContain(input);
      expect(started).not.toContain(node);
      expect(threads).toBeGreaterThanOrEqual(1);
      expect(threads).toBeLessThanOrEqual(byId.get(node)!.resources.threads ?? Infinity);
      started.push(node);
      running.set(node, threads);
    }
    expect(running.size).toBeLessThanOrEqual(capacity.slots);
    const promised = [...running.values()].reduce((sum, threads) => sum + threads, 0);
    expect(promised).toBeLessThanOrEqual(capacity.threads);
    const memory = [...running.keys()].map((id) => byId.get(id)!.resources.memory ?? 0);
    if (running.size > 1) {
      expect(memory.reduce((a, b) => a + b)).toBeLessThanOrEqual(
        Math.max(capacity.memory, memory[0]!),
      );
    }
    if (running.size + away.size === 0) return { started, finished, failed, lost };
    const { pick, fails, elsewhere } = fate[step % fate.length]!;
    if (running.size === 0) {
      for (const id of away) schedule.again(id);
      away.clear();
      continue;
    }
    const node = [...running.keys()][pick % running.size]!;
    running.delete(node);
    if (elsewhere && step < 30) {
      schedule.putBack(node);
      away.add(node);
      started.splice(started.indexOf(node), 1);
      continue;
    }
    (fails ? failed : finished).add(node);
    lost.push(...schedule.end(node, fails ? 'failed' : 'finished'));
  }
}

const succeed = (fate: Fate) => fate.map((each) => ({ ...each, fails: false }));

describe('on every graph, with every order in which work ends,', () => {
  test.prop([graphs, capacities, fates])(
    'all that can start starts, once, after its inputs',
    (nodes, capacity, fate) => {
      const { started, lost } = play(nodes, capacity, succeed(fate));
      expect(started.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted());
      expect(lost).toEqual([]);
    },
  );

  test.prop([graphs, capacities, fates])(
    'a failure ends exactly what needs it',
    (nodes, capacity, fate) => {
      const { started, failed, finished, lost } = play(nodes, capacity, fate);
      // Independently: by going through the nodes in their order.
      const doomed = new Set<string>();
      for (const { id, inputs } of nodes) {
        if (inputs.some((input) => failed.has(input) || doomed.has(input))) doomed.add(id);
      }
      expect(lost.toSorted()).toEqual([...doomed].sort());
      expect(started).toHaveLength(failed.size + finished.size);
      expect(failed.size + finished.size + doomed.size).toBe(nodes.length);
    },
  );

  test.prop([graphs, capacities, fates])(
    'after the first failure nothing starts where that is asked for',
    (nodes, capacity, fate) => {
      const schedule = createSchedule(nodes, capacity, { failFast: true });
      const first = schedule.next()[0];
      fc.pre(first !== undefined);
      schedule.end(first!.node, 'failed');
      expect(schedule.next()).toEqual([]);
      const once = fate.map((each) => ({ ...each, elsewhere: false }));
      const { started, failed } = play(nodes, capacity, once, true);
      expect(failed.size).toBeLessThanOrEqual(Math.min(started.length, capacity.slots));
    },
  );

  test.prop([graphs, capacities])('the same graph has the same order', (nodes, capacity) => {
    const one = play(nodes, capacity, [{ pick: 0, fails: false }]);
    const two = play(nodes, capacity, [{ pick: 0, fails: false }]);
    expect(one.started).toEqual(two.started);
  });

  test.prop([graphs, capacities])('nothing waits while there is room for it', (nodes, capacity) => {
    const free = nodes.map((node) => ({ ...node, resources: { threads: 1 } }));
    const schedule = createSchedule(free, capacity, { failFast: false });
    const sources = free.filter(({ inputs }) => inputs.length === 0).length;
    expect(schedule.next()).toHaveLength(Math.min(sources, capacity.slots, capacity.threads));
  });
});

test('where threads are without bound, a lone node leaves enough for all that follow', () => {
  const nodes = ['a', 'b', 'c', 'd'].map((id): ScheduleNode => ({
    id,
    inputs: id === 'a' || id === 'b' ? [] : ['a'],
    wanted: 1,
    resources: id === 'd' ? { threads: 2, memory: 10 } : { memory: 10 },
  }));
  const capacity = { slots: 4, threads: Infinity, memory: Infinity };
  const schedule = createSchedule(nodes, capacity, { failFast: false });
  expect(schedule.next()).toEqual([
    { node: 'a', threads: 1024 },
    { node: 'b', threads: 1024 },
  ]);
  schedule.end('a', 'finished');
  expect(schedule.next()).toEqual([
    { node: 'c', threads: 1024 },
    { node: 'd', threads: 2 },
  ]);
});

test('a lone node gets all threads, two share them, and what most jobs want goes first', () => {
  const node = (id: string, inputs: string[], wanted = 1): ScheduleNode => ({
    id,
    inputs,
    wanted,
    resources: {},
  });
  const nodes = [node('a', []), node('b', ['a']), node('c', ['a'], 3), node('d', ['a'])];
  const schedule = createSchedule(nodes, { slots: 2, threads: 8, memory: 1 }, { failFast: false });
  expect(schedule.next()).toEqual([{ node: 'a', threads: 8 }]);
  schedule.end('a', 'finished');
  expect(schedule.next()).toEqual([
    { node: 'c', threads: 4 },
    { node: 'b', threads: 4 },
  ]);
});

test('a node that wants more memory than there is runs alone', () => {
  const nodes = [1, 99, 1].map((memory, index): ScheduleNode => ({
    id: `n${index}`,
    inputs: [],
    wanted: 1,
    resources: { memory },
  }));
  const schedule = createSchedule(nodes, { slots: 3, threads: 3, memory: 10 }, { failFast: false });
  expect(schedule.next().map(({ node: id }) => id)).toEqual(['n0', 'n2']);
  schedule.end('n0', 'finished');
  expect(schedule.next()).toEqual([]);
  schedule.end('n2', 'finished');
  expect(schedule.next()).toEqual([{ node: 'n1', threads: 3 }]);
});
