import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  loadExperiment,
  openCache,
  planExperiment,
  runExperiment,
  UserErrorList,
  type Launcher,
  type NodeJob,
  type OpenLauncher,
  type RunEvent,
  type RunRequest,
} from '@privatesnn/core';

/** A launcher with its workers, for one test. */
export interface LauncherHarness {
  readonly open: OpenLauncher;
  /** Ends the process that works just now, and whatever is beneath it, with SIGKILL; where workers can be lost. */
  killWorker?(): Promise<void>;
  /** Ends the workers, and tells what is left of the run: processes, keys, jobs of a queue. */
  end(): Promise<readonly string[]>;
}

export interface LauncherContractOptions {
  /** Whether stages run in other processes, so that one that ends its own fails only its job; true when left out. */
  readonly apart?: boolean;
  /** Milliseconds that a test may take. */
  readonly timeout?: number;
}

const plugin = fileURLToPath(new URL('../../src/contract/launcher-stages.js', import.meta.url));

const grid = (ways: readonly string[], steps = 0) => `name: grid
plugins: ["${plugin}"]
matrix:
  name: "\${how} \${index}"
  zip:
    how: [${ways.join(', ')}]
    index: [${ways.map((_, index) => index).join(', ')}]
stages:
  data: { use: contract-source }
  work: { use: contract-work, inputs: { images: data }, options: { how: "\${how}", index: "\${index}", steps: ${steps} } }
`;

/**
 * Declares the tests that every launcher must pass, with real runs: the digests of a run in one process, events while
 * the work goes on, every end of a stage told, checkpoints kept when a run is ended, another plan refused, a worker that
 * is lost made up for, nothing left at the end. Call it at the top of a test file.
 *
 * @param start makes a launcher with two workers or more; `folder` is the test's own, `cache` where the run's cache lies
 */
export function runLauncherContract(
  name: string,
  start: (site: { readonly folder: string; readonly cache: string }) => Promise<LauncherHarness>,
  { apart = true, timeout = 60_000 }: LauncherContractOptions = {},
): void {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'privatesnn-launcher-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function run(text: string, cache: string, request: Partial<RunRequest>) {
    const events: RunEvent[] = [];
    const file = join(folder, 'grid.yaml');
    writeFileSync(file, text);
    const plan = planExperiment(await loadExperiment(file));
    const { observers = [], ...more } = request;
    const ended = await runExperiment(plan, {
      cache: openCache(join(folder, cache)),
      outputDirectory: join(folder, 'runs'),
      print: () => undefined,
      observers: [(event) => events.push(event), ...observers],
      ...more,
    }).then(
      (summary) => ({ summary, error: undefined }),
      (error: unknown) => ({ summary: undefined, error }),
    );
    return { ...ended, events };
  }

  /** Runs with the launcher, and sees to it that nothing is left. */
  async function launched(
    text: string,
    request: (harness: LauncherHarness) => Partial<RunRequest> = () => ({}),
  ) {
    const harness = await start({ folder, cache: join(folder, 'cache') });
    let left: readonly string[] = [];
    const ended = await run(text, 'cache', {
      launcher: harness.open,
      ...request(harness),
    }).finally(async () => {
      left = await harness.end();
    });
    expect(left).toEqual([]);
    return ended;
  }

  const stages = (events: readonly RunEvent[], type: RunEvent['type']) =>
    events.filter((event) => event.type === type) as (RunEvent & { stage: string })[];
  const digests = (events: readonly RunEvent[]) =>
    events
      .flatMap((event) =>
        event.type === 'stage-finished' ? [[event.jobs.join(), event.stage, event.outputs]] : [],
      )
      .map((each) => JSON.stringify(each))
      .sort();

  describe(`the contract of the launcher "${name}"`, () => {
    it(
      'gives what one process gives, and takes from the cache what is there',
      { timeout },
      async () => {
        const text = grid(Array<string>(6).fill('fine'), 1);
        const here = await run(text, 'other-cache', {});
        const there = await launched(text, () => ({ profiled: true }));
        expect(there.error).toBeUndefined();
        expect(digests(there.events)).toEqual(digests(here.events));
        expect(stages(there.events, 'profile')).toHaveLength(7);
        const again = await launched(text);
        expect(again.summary).toMatchObject({ computed: 0, cached: 7 });
      },
    );

    it('tells what a stage tells, in its order, while it works', { timeout }, async () => {
      const progress: number[] = [];
      let finished = false;
      let before = false;
      const { error } = await launched(grid(['fine'], 40), () => ({
        observers: [
          (event) => {
            if (event.type === 'stage-finished' && event.stage === 'work') finished = true;
            if (event.type !== 'stage-progress') return;
            progress.push(event.done);
            before ||= event.done < 40 && !finished;
          },
        ],
      }));
      expect(error).toBeUndefined();
      expect(before).toBe(true);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      expect(progress.at(-1)).toBe(40);
    });

    it('says how each stage ended, and the others go on', { timeout }, async () => {
      const ways = apart ? ['throw', 'exit', 'kill', 'fine'] : ['throw', 'fine'];
      const { events, error } = await launched(grid(ways));
      const failed = events.flatMap((event) =>
        event.type === 'stage-failed' ? [[event.jobs[0], event.status, event.lastLines]] : [],
      );
      const lines = (how: string) => (apart ? [`about to ${how}`] : []);
      const expected = [
        ['throw 0', 'failed', lines('throw')],
        ['exit 1', 'exited', lines('exit')],
        ['kill 2', 'crashed', lines('kill')],
      ];
      expect(failed.sort()).toEqual(expected.slice(0, ways.length - 1).sort());
      expect(error).toBeInstanceOf(ways.length > 2 ? UserErrorList : Error);
      expect(stages(events, 'job-finished')).toMatchObject([{ job: `fine ${ways.length - 1}` }]);
    });

    it('ends when it is asked to, and goes on from the checkpoints', { timeout }, async () => {
      const text = grid(['fine', 'fine'], 60);
      const controller = new AbortController();
      const { error, events } = await launched(text, () => ({
        signal: controller.signal,
        observers: [
          (event) => {
            if (event.type === 'stage-progress' && event.done >= 3) controller.abort();
          },
        ],
      }));
      expect(error).toMatchObject({ errorClass: 'interrupted' });
      expect(stages(events, 'stage-finished').map(({ stage }) => stage)).toEqual(['data']);
      const again = await launched(text);
      expect(again.error).toBeUndefined();
      const begun = again.events.flatMap((event) =>
        event.type === 'info' ? [Number(/begins at (\d+)/.exec(event.message)?.[1])] : [],
      );
      expect(Math.max(...begun)).toBeGreaterThanOrEqual(3);
    });

    it('ends at once when it is asked to', { timeout }, async () => {
      const soon = new AbortController();
      const now = new AbortController();
      const { error, events } = await launched(grid(['fine'], 1000), () => ({
        signal: soon.signal,
        kill: now.signal,
        observers: [
          (event) => {
            if (event.type !== 'stage-progress') return;
            soon.abort();
            now.abort();
          },
        ],
      }));
      expect(error).toMatchObject({ errorClass: 'interrupted' });
      const last = stages(events, 'stage-progress').at(-1) as unknown as { done: number };
      expect(last.done).toBeLessThan(1000);
    });

    it.runIf(apart)('refuses to work on another plan', { timeout }, async () => {
      const { events, error } = await launched(grid(['fine']), ({ open }) => ({
        launcher: async (materials) => otherPlan(await open(materials)),
      }));
      expect(error).toMatchObject({ code: 'PLAN_CHANGED' });
      expect(stages(events, 'stage-failed')).toMatchObject([{ status: 'refused' }]);
    });

    it('makes up for a worker that is lost', { timeout }, async (context) => {
      const text = grid(['fine', 'fine', 'fine'], 40);
      let killed: Promise<void> | undefined;
      const { error, events } = await launched(text, (harness) => {
        if (!harness.killWorker) context.skip();
        return {
          observers: [
            (event) => {
              if (event.type === 'stage-progress' && event.done >= 3) {
                killed ??= harness.killWorker!();
              }
            },
          ],
        };
      });
      await killed;
      expect(error).toBeUndefined();
      const here = await run(text, 'other-cache', {});
      expect(digests(events)).toEqual(digests(here.events));
    });
  });
}

/** Asks for the nodes of a plan that is not the run's. */
function otherPlan(launcher: Launcher): Launcher {
  const other = ({ plan, ...job }: NodeJob): NodeJob => ({
    ...job,
    plan: { ...plan, digest: '0'.repeat(64) },
  });
  return {
    ...launcher,
    launch: (job, emit, signal) => launcher.launch(other(job), emit, signal),
  };
}
