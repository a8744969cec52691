import type { Resources } from '../contracts/stage.js';

/** A node as the schedule sees it. */
export interface ScheduleNode {
  readonly id: string;
  /** Ids of the nodes whose results it needs. */
  readonly inputs: readonly string[];
  /** How many jobs need it: what most wait for goes first. */
  readonly wanted: number;
  readonly resources: Resources;
}

/** What there is to work with. */
export interface Capacity {
  readonly slots: number;
  /** Infinity where workers bound them: then a node gets `manyThreads`. */
  readonly threads: number;
  /** Bytes. */
  readonly memory: number;
}

/** More threads than any worker has: it takes its own share. */
const manyThreads = 1024;

export interface Start {
  readonly node: string;
  /** Its share of the threads, at least one. */
  readonly threads: number;
}

/** Order of work over a graph. It does nothing itself, and knows no time: what it says follows from what it was told. */
export interface Schedule {
  /** What to start now; they count as running from here on. Empty while all must wait, and at the end. */
  next(): readonly Start[];
  /**
   * A running node has ended.
   *
   * @returns the nodes that can never start now, for they need one that failed
   */
  end(node: string, how: 'finished' | 'failed'): readonly string[];
  /** A running node has not begun, since others do its work: it counts as not started until `again`. */
  putBack(node: string): void;
  /** A node that was put back may start once more. */
  again(node: string): void;
}

/**
 * @param nodes each after its inputs
 * @param policy `failFast`: after a failure nothing more starts
 */
export function createSchedule(
  nodes: readonly ScheduleNode[],
  capacity: Capacity,
  policy: { readonly failFast: boolean },
): Schedule {
  const byId = new Map(nodes.map((node, index) => [node.id, { ...node, index }]));
  const dependents = new Map<string, string[]>();
  /** How many inputs of a node have not ended. */
  const missing = new Map<string, number>();
  for (const { id, inputs } of nodes) {
    const different = new Set(inputs);
    missing.set(id, different.size);
    for (const input of different) {
      if (!dependents.has(input)) dependents.set(input, []);
      dependents.get(input)!.push(id);
    }
  }
  const rank = (a: string, b: string) => {
    const [left, right] = [byId.get(a)!, byId.get(b)!];
    return right.wanted - left.wanted || left.index - right.index;
  };
  /** Ready, the first to start last. */
  const ready = nodes
    .filter(({ inputs }) => inputs.length === 0)
    .map(({ id }) => id)
    .sort((a, b) => rank(b, a));
  const running = new Map<string, { readonly threads: number; readonly memory: number }>();
  const dropped = new Set<string>();
  let stopped = false;

  const insert = (id: string) => {
    let [low, high] = [0, ready.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (rank(ready[middle]!, id) > 0) low = middle + 1;
      else high = middle;
    }
    ready.splice(low, 0, id);
  };
  const takeOff = (id: string) => {
    if (!running.delete(id)) throw new Error(`The node ${id} is not running.`);
  };
  const used = (what: 'threads' | 'memory') =>
    [...running.values()].reduce((sum, share) => sum + share[what], 0);

  return {
    next() {
      const starts: Start[] = [];
      if (stopped) return starts;
      let freeThreads = capacity.threads - used('threads');
      let freeMemory = capacity.memory - used('memory');
      for (let at = ready.length - 1; at >= 0 && running.size < capacity.slots; at--) {
        const id = ready[at]!;
        const { resources } = byId.get(id)!;
        const memory = resources.memory ?? 0;
        // One that wants more than there is still runs, alone.
        if (running.size > 0 && freeThreads < 1) break;
        if (running.size > 0 && memory > freeMemory) continue;
        const sharers = Math.min(capacity.slots - running.size, at + 1);
        const share = Math.min(manyThreads, Math.max(1, Math.floor(freeThreads / sharers)));
        const threads = Math.min(share, Math.max(1, resources.threads ?? share));
        ready.splice(at, 1);
        running.set(id, { threads, memory });
        freeThreads -= threads;
        freeMemory -= memory;
        starts.push({ node: id, threads });
      }
      return starts;
    },

    putBack: takeOff,

    again: insert,

    end(node, how) {
      takeOff(node);
      if (how === 'finished') {
        for (const id of dependents.get(node) ?? []) {
          const left = missing.get(id)! - 1;
          missing.set(id, left);
          if (left === 0 && !dropped.has(id)) insert(id);
        }
        return [];
      }
      if (policy.failFast) stopped = true;
      const lost: string[] = [];
      const pending = [...(dependents.get(node) ?? [])];
      for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
        if (dropped.has(id)) continue;
        dropped.add(id);
        lost.push(id);
        pending.push(...(dependents.get(id) ?? []));
      }
      return lost;
    },
  };
}
