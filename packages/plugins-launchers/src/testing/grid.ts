import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';

import { onTestFinished } from 'vitest';

import {
  loadExperiment,
  openCache,
  planExperiment,
  runExperiment,
  type OpenLauncher,
  type RunEvent,
  type RunRequest,
} from '@privatesnn/core';

/** Stages of the launchers' contract: small work, in steps of 20 ms or more with checkpoints. */
export const stages = resolve(
  import.meta.dirname,
  '../../../testkit/src/contract/launcher-stages.js',
);

/** Runs of one test, on one cache. */
export function grids() {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-grid-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));

  /**
   * Writes an experiment file.
   *
   * @param place the file, from the folder, without its ending
   * @param plugin path of the stages' code, as the file names it
   */
  function write(place: string, { jobs = 3, steps = 10, plugin = stages }: Grid = {}): string {
    const file = join(folder, `${place}.yaml`);
    const numbers = Array.from({ length: jobs }, (_, index) => index).join(', ');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      `name: ${basename(place)}
plugins: ["${plugin}"]
matrix: { name: 'job \${index}', product: { index: [${numbers}] } }
stages:
  data: { use: contract-source }
  work: { use: contract-work, inputs: { images: data }, options: { index: "\${index}", steps: ${steps} } }
`,
    );
    return file;
  }

  /** @param steps of 20 ms or more, of each of the jobs */
  async function run(
    name: string,
    launcher: OpenLauncher | undefined,
    { jobs, steps, plugin, cache = 'cache', ...request }: Request = {},
  ) {
    const file = write(name, { jobs, steps, plugin });
    const events: RunEvent[] = [];
    const plan = planExperiment(await loadExperiment(file));
    const { observers = [], ...more } = request;
    const error = await runExperiment(plan, {
      cache: openCache(join(folder, cache)),
      outputDirectory: join(folder, 'runs'),
      print: () => undefined,
      observers: [(event) => events.push(event), ...observers],
      ...(launcher ? { launcher } : {}),
      ...more,
    }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { error, events, digests: digestsOf(events) };
  }
  return { folder, write, run };
}

interface Grid {
  readonly jobs?: number | undefined;
  readonly steps?: number | undefined;
  readonly plugin?: string | undefined;
}

type Request = Grid &
  Partial<Omit<RunRequest, 'cache' | 'launcher'>> & {
    readonly cache?: string;
  };

const digestsOf = (events: readonly RunEvent[]) =>
  events
    .flatMap((event) =>
      event.type === 'stage-finished'
        ? [JSON.stringify([event.jobs.join(), event.stage, event.outputs])]
        : [],
    )
    .sort();

export const notices = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));

/** Calls back once, when a stage has come so far. */
export function atProgress(done: number, act: () => void) {
  let acted = false;
  return (event: RunEvent) => {
    if (acted || event.type !== 'stage-progress' || event.done < done) return;
    acted = true;
    act();
  };
}
