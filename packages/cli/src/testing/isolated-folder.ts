import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { onTestFinished } from 'vitest';

import type { Built } from './built.js';
import type { Outcome } from './start.js';

/** A folder with an experiment on two classes of small pictures, whose plugins are files in it. */
export interface IsolatedFolder {
  readonly path: string;
  file(name: string): string;
  write(name: string, text: string): void;
  start(...argv: readonly string[]): ReturnType<Built['start']>;
  /** Runs the command to its end. */
  run(...argv: readonly string[]): Promise<Outcome>;
  /** The records of one name that stages have made in the run that began last. */
  records(event: string): readonly Readonly<Record<string, unknown>>[];
  events(): readonly Readonly<Record<string, unknown>>[];
  manifest(): {
    readonly stages: readonly ManifestStage[];
    readonly process: number;
    readonly status: string;
  };
}

interface ManifestStage {
  readonly stage: string;
  readonly cached: boolean;
  readonly outputs: Readonly<Record<string, string>>;
}

/** The start of every experiment: a network that nobody has trained. */
export const base = `name: x
plugins: ['@privatesnn/plugins-data', '@privatesnn/plugins-models', '@privatesnn/plugins-generators', '@privatesnn/plugins-converters', '@privatesnn/plugins-attackers']
stages:
  data: { use: mnist, options: { split: test, source: embedded, limit: 20 } }
  ann: { use: untrained-ann, inputs: { images: data }, options: { width: 0.1 } }
`;

export function isolatedFolder(
  program: Built,
  files: Readonly<Record<string, string>>,
): IsolatedFolder {
  const path = mkdtempSync(join(tmpdir(), 'privatesnn-isolation-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  const file = (name: string) => join(path, name);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  // Plugins beside the experiment find the program's packages, as where both are installed in one folder.
  mkdirSync(file('node_modules'));
  for (const name of ['@privatesnn', 'zod']) {
    symlinkSync(program.file(`node_modules/${name}`), file(`node_modules/${name}`));
  }
  for (const plugin of ['spy.js', 'hostile.js', 'honest.js']) {
    cpSync(join(import.meta.dirname, plugin), file(plugin));
  }
  const environment = {
    PRIVATESNN_CACHE: file('cache'),
    PRIVATESNN_ENGINE: 'wasm',
    PRIVATESNN_TENSORS: 'embedded',
    PRIVATESNN_THREADS: '1',
    HOME: file('home'),
    SPY_SECRET: 'a secret',
  };
  const start = (...argv: readonly string[]) => program.start(path, environment, ...argv);
  const inRun = (name: string) => {
    const runs = readdirSync(file('runs'))
      .filter((run) => !run.startsWith('.'))
      .sort();
    return readFileSync(file(join('runs', runs.at(-1)!, name)), 'utf8');
  };
  const events = () =>
    inRun('events.jsonl')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return {
    path,
    file,
    write,
    start,
    events,
    run: (...argv) =>
      new Promise((done) => {
        const child = start(...argv);
        let [stdout, stderr] = ['', ''];
        child.stdout!.on('data', (data) => (stdout += String(data)));
        child.stderr!.on('data', (data) => (stderr += String(data)));
        child.on('close', (code) => done({ code, stdout, stderr }));
      }),
    records: (event) =>
      events()
        .filter((one) => one['type'] === 'record' && one['event'] === event)
        .map((one) => one['data'] as Record<string, unknown>),
    manifest: () => JSON.parse(inRun('manifest.json')) as ReturnType<IsolatedFolder['manifest']>,
  };
}
