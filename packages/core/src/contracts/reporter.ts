import type { z } from 'zod';

import type { Artefact, ArtefactType } from './artefacts.js';
import type { Manifest } from './manifest.js';

/** One finished job of a run: one cell of the matrix. */
export interface JobResult {
  /** "DC + CET", or the experiment's name where there is no matrix. */
  readonly name: string;
  /** The job's value on each axis of the matrix. */
  readonly axes: Readonly<Record<string, unknown>>;
  /** Artefacts by stage and output: `outputs.accuracy.metrics`. Loaded on demand. */
  readonly stages: Readonly<Record<string, JobStage>>;
}

export interface JobStage {
  readonly kind: string;
  readonly use: string;
  readonly outputs: Readonly<
    Record<
      string,
      { readonly type: ArtefactType; readonly digest: string; load(): Promise<Artefact> }
    >
  >;
}

/** What a reporter gets: the whole run. */
export interface RunReport {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly jobs: readonly JobResult[];
  readonly manifest: Manifest;
}

export interface ReporterContext {
  /** Writes a file into the run folder, whole or not at all; the path is relative to it. */
  writeFile(path: string, content: string | Uint8Array): Promise<void>;
  /** Prints to the terminal. */
  print(text: string): void;
  /** Columns of the terminal, and whether it shows colour. */
  readonly terminal: { readonly columns: number; readonly colour: boolean };
}

/** A reporter: turns a finished run into files and terminal output. */
export interface ReporterDefinition<S extends z.ZodType = z.ZodType> {
  readonly kind: 'reporter';
  readonly id: string;
  readonly version: number;
  readonly summary: string;
  /** Paper, format or project that it comes from. */
  readonly source?: string;
  readonly options: S;
  create(options: z.output<S>): { report(context: ReporterContext, run: RunReport): Promise<void> };
}

export function defineReporter<S extends z.ZodType>(
  definition: ReporterDefinition<S>,
): ReporterDefinition<S> {
  return definition;
}
