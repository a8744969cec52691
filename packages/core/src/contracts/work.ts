import type { ArtefactType } from './artefacts.js';
import type { ErrorClass, Place } from './error.js';

/** One piece of work as a message: all that a worker needs to do it, on whatever machine. */
export interface NodeJob {
  /** The plan file of the run, and the digest of its bytes: a worker with other plugin code refuses. */
  readonly plan: {
    readonly file: string;
    readonly digest: string;
    /** The experiment's folder on this machine, where the file is a copy outside its run folder. */
    readonly folder?: string;
  };
  /** The node's id in the plan. */
  readonly node: string;
  /** Digests of its inputs by port; the artefacts lie in the cache. */
  readonly inputs: Readonly<Record<string, string>>;
  /** How many threads its services may use. */
  readonly threads: number;
  /** Whether results and checkpoints of earlier runs are used. */
  readonly useCache: boolean;
  /** Whether it tells where its time goes (see ProfileRow); false when left out. */
  readonly profiled?: boolean;
}

/** One output of a finished stage. */
export interface StoredOutput {
  readonly type: ArtefactType;
  /** SHA-256 of the artefact as bytes; its name in the cache. */
  readonly digest: string;
  readonly bytes: number;
}

/** What a stage gave, by digest; the artefacts themselves lie in the cache. */
export interface NodeResult {
  readonly key: string;
  /** Whether it was found in the cache. */
  readonly cached: boolean;
  /** Seconds in this run; 0 where it was found. */
  readonly seconds: number;
  /** Seconds that it took when it was computed. */
  readonly computeSeconds: number;
  readonly warnings: readonly string[];
  readonly outputs: Readonly<Record<string, StoredOutput>>;
  /** Identities of the services that its key names. */
  readonly services: Readonly<Record<string, string>>;
}

/**
 * How a node failed: `failed`, the stage threw; `exited`, it ended its process; `crashed`, a signal ended it;
 * `out-of-memory`; `silent`, its process did not answer and was ended; `lost`, its worker is gone, or its
 * process was asked to end by somebody else; `refused`, the worker has another plan or other code; `interrupted`, it was asked to end.
 */
export type NodeFailureStatus =
  'failed' | 'exited' | 'crashed' | 'out-of-memory' | 'silent' | 'lost' | 'refused' | 'interrupted';

/** An error as plain data, so that it can travel between processes. */
export interface ErrorData {
  /** null for a defect: anything that is no UserError. */
  readonly errorClass: ErrorClass | null;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly place?: Place;
  readonly option?: string;
  readonly stack?: string;
  readonly cause?: ErrorData;
}

export interface NodeFailure {
  readonly status: NodeFailureStatus;
  readonly error: ErrorData;
  /** The last lines that its process printed. */
  readonly lastLines: readonly string[];
}

/**
 * How a node ended. `elsewhere`: it did not begin, since a process of another run computes the same; there is other
 * work to do meanwhile.
 */
export type NodeOutcome =
  | { readonly status: 'finished'; readonly result: NodeResult }
  | { readonly status: 'failed'; readonly failure: NodeFailure }
  | { readonly status: 'elsewhere' };
