import type { z } from 'zod';

import type { ArtefactOf, ArtefactType } from './artefacts.js';
import type { UserError } from './error.js';
import type { RandomStream } from './random.js';
import type { Dependencies, Resolved } from './token.js';

export const stageKinds = [
  'dataset',
  'model',
  'generator',
  'converter',
  'trainer',
  'attacker',
  'metric',
  'exporter',
] as const;
export type StageKind = (typeof stageKinds)[number];

/** One input of a stage. */
export interface InputPort<T extends ArtefactType = ArtefactType, O extends boolean = boolean> {
  readonly types: readonly T[];
  readonly optional: O;
  readonly description: string;
}

/** One output of a stage. */
export interface OutputPort<T extends ArtefactType = ArtefactType> {
  readonly type: T;
  readonly description: string;
}

export type InputPorts = Readonly<Record<string, InputPort>>;
export type OutputPorts = Readonly<Record<string, OutputPort>>;

export type InputsOf<I extends InputPorts> = {
  readonly [K in keyof I]: I[K] extends InputPort<infer T, infer O>
    ? O extends true
      ? ArtefactOf<T> | undefined
      : ArtefactOf<T>
    : never;
};
export type OutputsOf<O extends OutputPorts> = {
  readonly [K in keyof O]: ArtefactOf<O[K]['type']>;
};

/** What a stage wants while it runs; the scheduler shares out what there is. */
export interface Resources {
  /** The most threads that it can use; as many as there are when left out. */
  readonly threads?: number;
  /** Bytes of memory that it is expected to need at most. */
  readonly memory?: number;
}

/** Something outside the experiment and the cache that a stage reads. */
export interface Need {
  /** In a word or two: "cifar10", "network". */
  readonly what: string;
  /** The file or folder, as the options give it. */
  readonly path?: string;
  /** The environment variable that names it, where the options do not. */
  readonly variable?: string;
}

/** An ancestor of an input, as the plan has it. */
export interface Ancestor {
  readonly stage: string;
  readonly kind: StageKind;
  readonly use: string;
}

/** What a running stage gets from the runner, besides its inputs. */
export interface StageContext {
  /** The stage's name in the experiment file. */
  readonly stage: string;
  /** Aborted on Ctrl-C or when another stage failed; check it in every long loop: `signal.throwIfAborted()`. */
  readonly signal: AbortSignal;
  /** A named random stream of this stage. */
  random(name: string): RandomStream;
  /** Tells the user how far the stage is: `done` of `total`, and a short note ("epoch 2/5, loss 0.31"). */
  progress(done: number, total: number, note?: string): void;
  /** Tells the user something that he should know, and records it in the run's events. */
  warn(message: string): void;
  info(message: string): void;
  /** Adds one record to the run's events (a training epoch, a calibrated layer). */
  record(event: string, data: Readonly<Record<string, unknown>>): void;
  /**
   * Stages whose results reached the given input on a way that does not pass through the training of the first ANN
   * (a `model` stage that takes no ANN), each once: how the data-leakage metric knows whether real images were used
   * after that.
   *
   * @throws Error where the definition does not say `readsAncestors`
   */
  ancestors(input: string): readonly Ancestor[];
  /** Saves the state of unfinished work, so that a killed run goes on from here; replaces the one before. */
  saveCheckpoint(state: unknown): Promise<void>;
  /** The last checkpoint of the same work, or undefined. Arrays come back as typed arrays. */
  loadCheckpoint(): Promise<unknown>;
  /** Resolves a path of the options against the folder of the experiment file. */
  resolvePath(path: string): string;
}

/** A stage's work, bound to its options and dependencies. */
export interface StageInstance<I extends InputPorts, O extends OutputPorts> {
  run(context: StageContext, inputs: InputsOf<I>): Promise<OutputsOf<O>>;
  /**
   * Digest of what the stage reads besides its inputs (a file, a dataset's folder); part of the cache key. Only
   * for stages that read any. It is asked before a run starts, too: what cannot be read is told then, by a UserError.
   */
  fingerprint?(context: Pick<StageContext, 'resolvePath'>): Promise<string>;
  /**
   * Whether what the stage does besides giving outputs (the file that an exporter writes) is still there. Where it is
   * not, the stage runs again though its result is in the cache. Only for stages with such an effect.
   *
   * @param outputs what it gave when it ran
   */
  effectPresent?(
    context: Pick<StageContext, 'resolvePath'>,
    outputs: OutputsOf<O>,
  ): Promise<boolean>;
}

/** A stage: what a plugin declares. A plain object; nothing runs until `create`. */
export interface StageDefinition<
  S extends z.ZodType = z.ZodType,
  I extends InputPorts = InputPorts,
  O extends OutputPorts = OutputPorts,
  D extends Dependencies = Dependencies,
> {
  readonly kind: StageKind;
  /** Kebab-case, unique in its plugin. */
  readonly id: string;
  /** Raised whenever the same options and inputs may give another result: old cache entries then no longer fit. */
  readonly version: number;
  /** One sentence. */
  readonly summary: string;
  /** Where the method comes from: paper and equation. */
  readonly source?: string;
  /** A strict zod object; every field has a default and a description. */
  readonly options: S;
  /** Named sets of options (`preset: tuned` in the experiment file); what a set leaves out keeps its default. */
  readonly presets?: Readonly<Record<string, Partial<z.input<S>>>>;
  readonly inputs: I;
  readonly outputs: O;
  readonly dependencies: D;
  /** What it wants while it runs, where that is known beforehand. */
  resources?(options: z.output<S>): Resources;
  /** What it reads besides its inputs, for people; `fingerprint` looks whether that is there. */
  needs?(options: z.output<S>): readonly Need[];
  /**
   * Whether the stage calls `context.ancestors`: the names that it reads are then part of its cache key, as equal
   * inputs may have been made by other stages. Not for attackers.
   */
  readonly readsAncestors?: boolean;
  /**
   * Mistakes that the options' schema cannot tell, since they lie in several options, or in options and inputs;
   * shown before anything runs. An error with `option` is shown at that option's value.
   *
   * @param connected names of the inputs that the experiment file gives
   */
  check?(options: z.output<S>, connected: ReadonlySet<string>): readonly UserError[];
  create(dependencies: Resolved<D>, options: z.output<S>): StageInstance<I, O>;
}

/** Declares a stage, with its types inferred. */
export function defineStage<
  S extends z.ZodType,
  I extends InputPorts,
  O extends OutputPorts,
  D extends Dependencies,
>(definition: StageDefinition<S, I, O, D>): StageDefinition<S, I, O, D> {
  return definition;
}

/** A required input of one of the given types. */
export function input<T extends ArtefactType>(
  types: T | readonly T[],
  description: string,
): InputPort<T, false> {
  return { types: asArray(types), optional: false, description };
}

/** An input that the experiment file may leave out. */
export function optionalInput<T extends ArtefactType>(
  types: T | readonly T[],
  description: string,
): InputPort<T, true> {
  return { types: asArray(types), optional: true, description };
}

export function output<T extends ArtefactType>(type: T, description: string): OutputPort<T> {
  return { type, description };
}

function asArray<T extends ArtefactType>(types: T | readonly T[]): readonly T[] {
  return typeof types === 'string' ? [types] : types;
}
