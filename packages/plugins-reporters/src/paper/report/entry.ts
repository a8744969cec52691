import type { Comparison } from '../compare.js';

/** A table or figure in the report of all of them. */
export interface PaperEntry {
  /** The name of its experiment: table3-ablation. */
  readonly name: string;
  readonly title: string;
  /** What it shows; '' for nothing. */
  readonly description: string;
  readonly note: string;
  readonly cells: readonly Comparison[];
  /** The runs that measured the cells; none where nothing was run. */
  readonly runs: readonly PaperRun[];
  /** Why there is no run, or why the last one failed; null where nothing is to be said. */
  readonly reason: string | null;
}

/** What the report says about a run. */
export interface PaperRun {
  /** The run folder, relative to the report. */
  readonly folder: string;
  /** Profile, seed, commit, time, machine; each a few words. */
  readonly facts: readonly string[];
  readonly command: string | null;
  readonly warnings: readonly string[];
  /** Pages in the run folder: report.html. */
  readonly pages: readonly string[];
  /** Picture grids in the run folder, with the bytes of their PNG files. */
  readonly grids: readonly { readonly file: string; readonly png: Uint8Array }[];
}
