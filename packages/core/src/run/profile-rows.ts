import type { Profiler, ProfileRow } from '../contracts/profile.js';

/** Rows of one process, with those of the same part and pass added up. */
export interface ProfileRows extends Profiler {
  /** What was added since the last time. */
  take(): readonly ProfileRow[];
}

export function createProfileRows(): ProfileRows {
  let rows = new Map<string, ProfileRow>();
  return {
    add(row) {
      const key = JSON.stringify([row.part, row.pass]);
      const before = rows.get(key);
      rows.set(key, before ? sumOf(before, row) : row);
    },
    take() {
      const taken = [...rows.values()];
      rows = new Map();
      return taken;
    },
  };
}

/** Rows with those of the same part and pass added up. */
export function summed(rows: readonly ProfileRow[]): readonly ProfileRow[] {
  const all = createProfileRows();
  for (const row of rows) all.add(row);
  return all.take();
}

/** Two rows in one, with the names of the first. What neither counts is left out. */
export function sumOf(a: ProfileRow, b: ProfileRow): ProfileRow {
  const { part, pass } = a;
  const counted = (['operations', 'bytes', 'bound'] as const).flatMap((name) =>
    a[name] === undefined && b[name] === undefined
      ? []
      : [[name, (a[name] ?? 0) + (b[name] ?? 0)] as const],
  );
  return {
    part,
    pass,
    seconds: a.seconds + b.seconds,
    elapsed: a.elapsed + b.elapsed,
    calls: a.calls + b.calls,
    ...Object.fromEntries(counted),
  };
}
