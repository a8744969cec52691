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
  /** The text that the key is the SHA-256 of: all that the result depends on. Entries of earlier versions have none. */
  readonly parts?: string;
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

/** A run whose results lie in a cache. */
export interface NotedRun {
  /** Its folder. */
  readonly folder: string;
  /** Whether it was started on this machine, so that a folder which is not there was removed. */
  readonly here: boolean;
}

export interface CollectRequest {
  /** What stays: keys of entries, digests of objects. */
  readonly named: { readonly keys: ReadonlySet<string>; readonly digests: ReadonlySet<string> };
  /** Milliseconds: older entries go. */
  readonly olderThan?: number | undefined;
  /** How much the objects may take; the oldest entries go until they do. */
  readonly maxBytes?: number | undefined;
  /** Whether checkpoints that are older than `olderThan` go, too. */
  readonly checkpoints: boolean;
  /** Whether it is done, not only told. */
  readonly remove: boolean;
}

/** What goes, and what stays. */
export interface Collected {
  readonly entries: readonly CacheEntry[];
  /** Objects and checkpoints. */
  readonly files: number;
  readonly bytes: number;
  readonly kept: { readonly entries: number; readonly named: number; readonly bytes: number };
}

/** What looks after a cache as a whole. */
export interface Maintenance {
  list(): Promise<CacheEntry[]>;
  /** Notes a run, so that `collect` can be told what it names. */
  noteRun(folder: string): Promise<void>;
  runs(): Promise<readonly NotedRun[]>;
  /** Forgets runs whose folders are gone. */
  forgetRun(folder: string): Promise<void>;
  /** Removes entries that are too old or too many, and the objects that then none needs. No run may work here. */
  collect(request: CollectRequest): Promise<Collected>;
  /** Reads everything and reports what is damaged or left over; with `remove`, deletes it and the entries that need it. */
  verify(remove: boolean): Promise<Verdict>;
  /** Removes what writers that are gone have left half-written: a run does it at its end. */
  sweep(): Promise<void>;
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
