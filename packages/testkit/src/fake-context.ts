import { resolve } from 'node:path';

import type { Ancestor, StageContext } from '@privatesnn/core';

import { testStream } from './random.js';

/** A stage context that writes down what the stage tells it. */
export interface FakeContext extends StageContext {
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly events: readonly {
    readonly event: string;
    readonly data: Readonly<Record<string, unknown>>;
  }[];
  readonly steps: readonly {
    readonly done: number;
    readonly total: number;
    readonly note?: string;
  }[];
}

export interface FakeContextOptions {
  readonly stage?: string;
  /** Seed of all random streams; 0 when left out. */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** By input name; none when left out. */
  readonly ancestors?: Readonly<Record<string, readonly Ancestor[]>>;
  /** The checkpoint that the stage finds when it starts. */
  readonly checkpoint?: unknown;
  /** The folder that paths are resolved against; the working folder when left out. */
  readonly folder?: string;
}

/** A context for a stage under test, with streams that depend on `seed` and the stream's name alone. */
export function fakeContext(options: FakeContextOptions = {}): FakeContext {
  const { seed = 0, ancestors = {}, folder = '.' } = options;
  let checkpoint = options.checkpoint;
  const warnings: string[] = [];
  const infos: string[] = [];
  const events: FakeContext['events'][number][] = [];
  const steps: FakeContext['steps'][number][] = [];
  return {
    stage: options.stage ?? 'stage',
    signal: options.signal ?? new AbortController().signal,
    random: (name) => testStream(name, seed),
    progress: (done, total, note) =>
      void steps.push({ done, total, ...(note === undefined ? {} : { note }) }),
    warn: (message) => void warnings.push(message),
    info: (message) => void infos.push(message),
    record: (event, data) => void events.push({ event, data }),
    ancestors: (input) => ancestors[input] ?? [],
    saveCheckpoint: (state) => {
      checkpoint = structuredClone(state);
      return Promise.resolve();
    },
    loadCheckpoint: () => Promise.resolve(structuredClone(checkpoint)),
    resolvePath: (path) => resolve(folder, path),
    warnings,
    infos,
    events,
    steps,
  };
}
