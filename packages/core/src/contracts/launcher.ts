import type { z } from 'zod';

import type { NodeEvent } from './event.js';
import type { NodeJob, NodeOutcome } from './work.js';

/** Where the work of a run is done: in this process, in others, on other machines. */
export interface Launcher {
  /** How many nodes it works on at a time. */
  readonly slots: number;
  /** How many threads there are for all of them together; Infinity where each worker bounds its own. */
  readonly threads: number;
  /** Bytes of memory for all of them together; Infinity where nobody here knows. */
  readonly memory: number;
  /**
   * Does one piece of work. It resolves with a failure however the work fails, and rejects only by a defect of the
   * launcher. With `lost`, its worker being gone, the run launches the node again.
   *
   * @param emit gets what the node tells, while it works
   * @param signal when aborted, the work ends after its next checkpoint, soon at the latest
   */
  launch(job: NodeJob, emit: (event: NodeEvent) => void, signal: AbortSignal): Promise<NodeOutcome>;
  /** Ends at once whatever still works. */
  cancel(): Promise<void>;
  /** Called once, when nothing works any more: closes services, ends processes that wait. */
  close(): Promise<void>;
}

/** The run that a launcher works for. Artefacts never travel: they lie in the cache, which all workers must see. */
export interface LauncherMaterials {
  /** The run's folder, absolute. */
  readonly folder: string;
  /** The experiment file's folder, absolute: paths in options start there. */
  readonly experimentFolder: string;
  /** Where the cache lies, as `--cache` takes it. */
  readonly cache: string;
  /** The plan file in the run folder, and the digest of its bytes. */
  readonly plan: NodeJob['plan'];
  /** Program and arguments that start the command `privatesnn`. */
  readonly command: readonly string[];
  /** Shows the user a message at once, and keeps it in the run's events. */
  tell(message: string): void;
}

/** A worker's hands: does jobs of any run in child processes of its machine. Made by `privatesnn worker`. */
export interface NodeWorker {
  /** How many jobs it does at a time. */
  readonly slots: number;
  /**
   * Does one job. Every failure is an outcome: `refused` where the plan or the plugins' code is another here, `lost`
   * where this worker itself is to end.
   *
   * @param job its `plan.file` lies on this machine; where that is a copy, `plan.folder` says where the experiment is
   * @param cache the location that the run gives; the worker's own goes before it
   */
  work(
    job: NodeJob,
    cache: string,
    emit: (event: NodeEvent) => void,
    signal: AbortSignal,
  ): Promise<NodeOutcome>;
  /** Tells whoever watches the worker: one line for each piece of work. */
  tell(message: string): void;
}

/** A launcher as a plugin brings it: `privatesnn run --launcher ID`. */
export interface LauncherDefinition<S extends z.ZodType = z.ZodType> {
  readonly kind: 'launcher';
  readonly id: string;
  readonly version: number;
  readonly summary: string;
  /** Project that it is built on. */
  readonly source?: string;
  readonly options: S;
  open(options: z.output<S>, materials: LauncherMaterials): Launcher | Promise<Launcher>;
  /** How workers join from elsewhere: `privatesnn worker WHERE`. */
  readonly worker?: {
    /** Whether it knows such a place: `redis://…`, a run folder. */
    accepts(where: string): boolean;
    /** Works until the signal is aborted, or nothing can come any more. */
    serve(where: string, worker: NodeWorker, signal: AbortSignal): Promise<void>;
  };
}

export function defineLauncher<S extends z.ZodType>(
  definition: LauncherDefinition<S>,
): LauncherDefinition<S> {
  return definition;
}
