import { UserError } from '../contracts/error.js';
import type { FailureRecord, Manifest, RunStatus, StageRecord } from '../contracts/manifest.js';
import type { NodeFailure, NodeResult } from '../contracts/work.js';
import type { Results } from '../cache/cache.js';
import type { Plan, PlanJob, PlanNode } from '../plan/plan.js';
import { folderNames, type RunFolder } from './folder.js';

/** Writing the manifest may take this part of the time between two writes, at most. */
const writingShare = 0.02;

/** What has become of a run so far, and its files: the manifest after every node, results after every job. */
export interface RunRecord {
  readonly results: ReadonlyMap<PlanNode, NodeResult>;
  readonly manifest: Manifest;
  /** @returns the jobs that are finished by this */
  finished(node: PlanNode, result: NodeResult): Promise<readonly PlanJob[]>;
  /**
   * @param error as a user sees it
   * @param lost the nodes that cannot start any more
   * @returns the jobs that fail by this
   */
  failed(
    node: PlanNode,
    failure: NodeFailure,
    error: UserError,
    lost: readonly PlanNode[],
  ): readonly PlanJob[];
  /** Writes the manifest for the last time. */
  close(status: RunStatus, seconds: number, error?: unknown): Promise<void>;
}

/** @param jobsOf which jobs need a node */
export function createRecord(
  plan: Plan,
  start: Manifest,
  folder: RunFolder,
  store: Results,
  jobsOf: ReadonlyMap<PlanNode, readonly PlanJob[]>,
): RunRecord {
  const names = folderNames(plan.jobs.map(({ name }) => name));
  const order = new Map(plan.nodes.map((node, index) => [node, index]));
  const waiting = new Map(plan.jobs.map((job) => [job, new Set(job.needed)]));
  const status = new Map<PlanJob, 'waiting' | 'finished' | 'failed'>();
  const results = new Map<PlanNode, NodeResult>();
  const records = new Map<PlanNode, StageRecord>();
  const failures: FailureRecord[] = [];
  let services: Readonly<Record<string, string>> = {};
  let last: Partial<Manifest> = {};

  const manifest = (): Manifest => ({
    ...start,
    services,
    jobs: plan.jobs.map((job) => ({
      name: job.name,
      axes: job.axes,
      status: status.get(job) ?? 'waiting',
    })),
    stages: [...records]
      .sort(([a], [b]) => order.get(a)! - order.get(b)!)
      .map(([, record]) => record),
    failures,
    ...last,
  });

  let nextWrite = 0;
  const write = async () => {
    const clock = performance.now();
    await folder.write('manifest.json', `${JSON.stringify(manifest(), null, 2)}\n`);
    const now = performance.now();
    nextWrite = now + (now - clock) / writingShare;
  };
  const writeSoon = async () => {
    if (performance.now() >= nextWrite) await write();
  };
  const refOf = (node: PlanNode) => ({
    stage: node.stage,
    jobs: jobsOf.get(node)!.map(({ name }) => name),
  });

  return {
    results,
    get manifest() {
      return manifest();
    },

    async finished(node, result) {
      results.set(node, result);
      services = { ...services, ...result.services };
      const { stage, jobs } = refOf(node);
      records.set(node, {
        stage,
        use: node.declared.qualified,
        kind: node.declared.definition.kind,
        jobs,
        key: result.key,
        cached: result.cached,
        seconds: result.seconds,
        computeSeconds: result.computeSeconds,
        warnings: result.warnings,
        outputs: digestsOf(result),
      });
      const done: PlanJob[] = [];
      for (const job of jobsOf.get(node)!) {
        const left = waiting.get(job)!;
        left.delete(node);
        if (left.size > 0) continue;
        await writeResults(store, folder, names.get(job.name)!, job.needed, results);
        status.set(job, 'finished');
        done.push(job);
      }
      await writeSoon();
      return done;
    },

    failed(node, failure, error, lost) {
      failures.push({
        ...refOf(node),
        use: node.declared.qualified,
        status: failure.status,
        code: error.code,
        message: error.message,
        lastLines: failure.lastLines,
      });
      const failing = new Set([node, ...lost].flatMap((each) => jobsOf.get(each)!));
      const fresh = [...failing].filter((job) => status.get(job) !== 'failed');
      for (const job of fresh) status.set(job, 'failed');
      return fresh;
    },

    async close(ended, seconds, error) {
      last = {
        status: ended,
        finished: new Date().toISOString(),
        seconds,
        error: error === undefined ? null : errorRecord(error),
      };
      await write();
    },
  };
}

export function digestsOf({ outputs }: NodeResult): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([name, { digest }]) => [name, digest]));
}

/** Writes a job's numbers for people and scripts: `results/<job>/<stage>.<output>.json`. */
async function writeResults(
  store: Results,
  folder: RunFolder,
  job: string,
  nodes: readonly PlanNode[],
  results: ReadonlyMap<PlanNode, NodeResult>,
): Promise<void> {
  for (const node of nodes) {
    for (const [output, { type, digest }] of Object.entries(results.get(node)!.outputs)) {
      if (type !== 'scalars' && type !== 'series') continue;
      const value = await store.load(digest);
      await folder.write(
        `results/${job}/${node.stage}.${output}.json`,
        `${JSON.stringify(value, null, 2)}\n`,
      );
    }
  }
}

function errorRecord(error: unknown): { code: string; message: string } {
  if (error instanceof UserError) return { code: error.code, message: error.message };
  return { code: 'DEFECT', message: error instanceof Error ? error.message : String(error) };
}
