import type { StoredOutput } from '../contracts/work.js';

/** What the cache knows of a finished stage. */
export interface CacheEntry {
  readonly key: string;
  /** For people: "threshold-balancing (stage dc)". */
  readonly label: string;
  readonly seconds: number;
  /** When it was computed, ISO 8601. */
  readonly created: string;
  /** What the stage warned of while it was computed. */
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, StoredOutput>>;
}

/** The results of finished stages: entries by key, artefacts by digest. */
export interface Results {
  /** The entry of a key, or undefined. Throws CACHE_CORRUPT when the entry or one of its files is damaged. */
  find(key: string): Promise<CacheEntry | undefined>;
  /** Stores a value and returns its digest and size; a damaged copy of it is replaced. */
  put(value: unknown): Promise<{ digest: string; bytes: number }>;
  /** Loads a value and checks its digest. Throws CACHE_CORRUPT. */
  load(digest: string): Promise<unknown>;
  commit(entry: CacheEntry): Promise<void>;
}

/** The state of unfinished stages, by key. */
export interface Checkpoints {
  save(key: string, state: unknown): Promise<void>;
  /** The last checkpoint of a key; a damaged one counts as none, for it only saves time. */
  load(key: string): Promise<unknown>;
  drop(key: string): Promise<void>;
}

/** The right to compute a key, held by one process among all that share the cache. */
export interface Lease {
  /** Aborted when the lease was lost: its holder was not heard of for too long, and another took over. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

export interface Leases {
  /** The lease of a key, or undefined while another holds it. One whose holder is gone is taken over. */
  acquire(key: string): Promise<Lease | undefined>;
}

/** A damaged file and what is wrong with it. */
export interface Damage {
  readonly file: string;
  readonly what: string;
}

export interface Verdict {
  readonly damage: readonly Damage[];
  /** Files that writers which are gone left half-written: no harm, only room. */
  readonly leftOver: readonly string[];
}

/** What looks after a cache as a whole. */
export interface Maintenance {
  list(): Promise<CacheEntry[]>;
  /** Reads everything and reports what is damaged or left over; with `remove`, deletes it and the entries that need it. */
  verify(remove: boolean): Promise<Verdict>;
  /** Removes all results and checkpoints. */
  clear(): Promise<void>;
}

/** A cache of results, shared by any number of runs, processes and hosts. */
export interface Cache {
  /** Where it lies, as `openCache` takes it. */
  readonly location: string;
  readonly results: Results;
  readonly checkpoints: Checkpoints;
  readonly leases: Leases;
  readonly maintenance: Maintenance;
}
