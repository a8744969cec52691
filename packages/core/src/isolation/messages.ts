import { z } from 'zod';

import type { Ancestor } from '../contracts/stage.js';
import { errorSchema } from './answers.js';
import type { Target } from './isolation.js';

/** What an isolated process gets to run a stage: the first line that it reads. Files lie in its private folder. */
export interface IsolatedJob {
  readonly target: Target;
  /** The stage's id in the plugin. */
  readonly use: string;
  /** Its name in the experiment file. */
  readonly stage: string;
  /** The experiment's folder, from which paths start; it cannot be read. */
  readonly folder: string;
  /** As `packed` gives them. */
  readonly options: string;
  readonly seed: number;
  /** Of each input: its ancestors, where the stage reads them. */
  readonly ancestors: Readonly<Record<string, readonly Ancestor[]>>;
}

/** What it is told while it works. */
export type ToIsolated =
  { readonly type: 'abort'; readonly reason: string } | { readonly type: 'saved' };

/** What an isolated process tells while it runs a stage; whatever else it writes ends it. */
export const fromIsolatedSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('alive') }),
  z.strictObject({
    type: z.literal('progress'),
    done: z.number(),
    total: z.number(),
    note: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('warning'), message: z.string() }),
  z.strictObject({ type: z.literal('info'), message: z.string() }),
  z.strictObject({
    type: z.literal('record'),
    event: z.string().max(200),
    data: z.record(z.string(), z.json()),
  }),
  /** A state lies in the file of checkpoints; it goes on when it hears that it is saved. */
  z.strictObject({ type: z.literal('checkpoint') }),
  /** The outputs lie in their file. */
  z.strictObject({ type: z.literal('done') }),
  z.strictObject({ type: z.literal('failed'), error: errorSchema }),
]);
export type FromIsolated = z.output<typeof fromIsolatedSchema>;

/** The files of a private folder, artefacts in the cache's format. */
export const privateFiles = {
  /** The inputs, by port. */
  inputs: 'inputs',
  outputs: 'outputs',
  checkpoint: 'checkpoint',
} as const;
