import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { deserialize, serialize } from 'node:v8';

import type { AnyService } from '../contracts/plugin.js';
import { planChanged, planUnreadable, unsendableOptions } from '../errors/templates/work.js';
import { refuseDebugger } from '../isolation/debugger.js';
import type { IsolatedProgram, Isolation } from '../isolation/isolation.js';
import type { Plan } from '../plan/plan.js';
import { loadPlugin, type LoadedPlugin } from '../plugins/load.js';
import { createRegistry } from '../plugins/registry.js';
import type { Work, WorkNode } from './work.js';

/** A run's work as a file, from which any worker can do any of its nodes. Options may be whatever v8 can copy. */
interface PlanFile {
  readonly format: 1;
  /** The experiment's folder, from the file's own. */
  readonly folder: string;
  readonly plugins: readonly {
    readonly name: string;
    readonly code: string;
    /** Whether its code has no rights. */
    readonly isolated: boolean;
  }[];
  /** Each after its inputs. */
  readonly nodes: readonly {
    readonly id: string;
    readonly stage: string;
    /** `package/stage` */
    readonly use: string;
    readonly options: unknown;
    readonly seed: number;
    /** Node and output, by port. */
    readonly inputs: Readonly<Record<string, readonly [string, string]>>;
  }[];
}

/**
 * The plan as the bytes of a file in a folder.
 *
 * @throws UserError UNSENDABLE_OPTIONS where a stage's options cannot be copied into another process
 */
export function planBytes(plan: Plan, folder: string): Uint8Array {
  const { loaded, plugins } = plan.experiment;
  const content: PlanFile = {
    format: 1,
    folder: relative(folder, loaded.folder),
    plugins: plugins.map(({ name, codeDigest, isolated }) => ({
      name,
      code: codeDigest,
      isolated: isolated !== undefined,
    })),
    nodes: plan.nodes.map(({ id, stage, declared, options, seed, inputs }) => ({
      id,
      stage,
      use: declared.qualified,
      options,
      seed,
      inputs: Object.fromEntries(
        Object.entries(inputs).map(([port, { node, output }]) => [port, [node.id, output]]),
      ),
    })),
  };
  try {
    return serialize(content);
  } catch (error) {
    const node = plan.nodes.find(({ options }) => !isCopied(options));
    throw unsendableOptions(node?.stage ?? '', node?.place, error);
  }
}

export const planDigest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

export interface PlanFileRequest {
  /** What the file must be; undefined takes it as it is. */
  readonly digest?: string;
  /** The experiment's folder, where the file does not lie in its run folder. */
  readonly folder?: string | undefined;
  readonly services: readonly AnyService[];
  /** A folder of the program: bundled plugins are found from here. */
  readonly moduleBase: string;
  /** What isolated processes run; a plan with isolated plugins is refused without it. */
  readonly isolatedProgram?: IsolatedProgram;
}

/**
 * Reads a plan file and imports its plugins.
 *
 * @throws UserError PLAN_CHANGED where the file, or a plugin's code, is not what the run was planned with
 */
export async function openPlanFile(file: string, request: PlanFileRequest): Promise<Work> {
  const bytes = await readFile(file);
  if (request.digest !== undefined && planDigest(bytes) !== request.digest) {
    throw planChanged(file, 'the plan');
  }
  const content = parse(file, bytes);
  const folder = request.folder ?? resolve(dirname(file), content.folder);
  const place = { file };
  const plugins: LoadedPlugin[] = [];
  const trust = content.plugins.filter(({ isolated }) => !isolated).map(({ name }) => name);
  const isolation = isolationOf(content, trust, request.isolatedProgram);
  for (const { name, code } of content.plugins) {
    const { moduleBase } = request;
    const plugin = await loadPlugin(name, place, { folder, moduleBase, isolation });
    if (plugin.codeDigest !== code) throw planChanged(file, `the code of ${name}`);
    plugins.push(plugin);
  }
  const registry = createRegistry(plugins, request.services, place);
  const nodes = new Map<string, WorkNode>();
  for (const { id, stage, use, options, seed, inputs } of content.nodes) {
    const connected = Object.entries(inputs).map(([port, [node, output]]) => [
      port,
      { node: nodes.get(node)!, output },
    ]);
    const declared = registry.stage(use, place);
    nodes.set(id, { id, stage, declared, options, seed, inputs: Object.fromEntries(connected) });
  }
  return { folder, nodes, services: registry.services };
}

/**
 * Names of the plugins whose code is not what a run was planned with; of those stages are computed anew.
 *
 * @param folder the run's
 */
export async function changedPlugins(folder: string, plan: Plan): Promise<string[]> {
  const file = join(folder, 'plan.bin');
  const { plugins } = parse(file, await readFile(file));
  const before = new Map(plugins.map(({ name, code }) => [name, code]));
  return plan.experiment.plugins
    .filter(({ name, codeDigest }) => before.get(name) !== codeDigest)
    .map(({ name }) => name);
}

function isolationOf(
  { plugins }: PlanFile,
  trust: readonly string[],
  program: IsolatedProgram | undefined,
): Isolation | undefined {
  if (plugins.every(({ isolated }) => !isolated)) return undefined;
  if (!program) throw new Error('The plan has isolated plugins, which this program cannot run.');
  refuseDebugger();
  return { trust, program };
}

function parse(file: string, bytes: Buffer): PlanFile {
  try {
    return deserialize(bytes) as PlanFile;
  } catch (error) {
    throw planUnreadable(file, error);
  }
}

function isCopied(options: unknown): boolean {
  try {
    serialize(options);
    return true;
  } catch {
    return false;
  }
}
