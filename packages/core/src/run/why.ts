import type { CacheEntry, Results } from '../cache/cache.js';
import { isSha256 } from '../cache/key.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { effectPresent } from './fingerprint.js';
import { createKeys } from './keys.js';
import { workOf, type Work } from './work.js';

/** A part of a cache key that differs, with both values as they stand in the key; undefined where one side has none. */
export interface Difference {
  /** As the key has it: `options.scale`, `inputs.images`, `code`, `rootSeed`, `services.engine`. */
  readonly part: string;
  readonly here: unknown;
  readonly there: unknown;
}

/** Why a stage would be computed, or would not. */
export interface Explanation {
  readonly node: PlanNode;
  readonly status: 'cached' | 'to do' | 'waits';
  readonly key: string | null;
  /** `cached`: its entry. `to do`: that of the same kind of stage whose key differs least, if there is any. */
  readonly entry: CacheEntry | null;
  readonly differences: readonly Difference[];
  /** `waits`: stages before it that are not in the cache; its own key is known only after them. */
  readonly waitsFor: readonly PlanNode[];
}

/**
 * Explains the stages of a plan with a name, one for each piece of work that its jobs have of it, and what each of
 * them waits for.
 *
 * @param entries all that the cache has
 */
export async function explainStage(
  plan: Plan,
  stage: string,
  results: Results,
  entries: readonly CacheEntry[],
): Promise<Explanation[]> {
  const explain = createExplainer(workOf(plan), results, entries);
  const explained = new Map<PlanNode, Explanation>();
  for (const node of plan.nodes.filter((each) => each.stage === stage)) {
    for (const each of await explain(node)) explained.set(each.node, each);
  }
  return [...explained.values()];
}

function createExplainer(work: Work, results: Results, entries: readonly CacheEntry[]) {
  const { folder } = work;
  const keys = createKeys(work);
  const known = new Map<PlanNode, Explanation>();
  const parsed = entries.flatMap((entry) => {
    const parts = partsOf(entry);
    return parts ? [{ entry, parts }] : [];
  });

  const look = async (node: PlanNode): Promise<Explanation> => {
    const before = known.get(node);
    if (before) return before;
    const inputs: Record<string, string> = {};
    const waitsFor = new Set<PlanNode>();
    for (const [port, { node: source, output }] of Object.entries(node.inputs)) {
      const from = await look(source);
      const digest = from.status === 'cached' ? from.entry?.outputs[output]?.digest : undefined;
      if (digest !== undefined) inputs[port] = digest;
      else if (from.status === 'waits') for (const each of from.waitsFor) waitsFor.add(each);
      else waitsFor.add(source);
    }
    const explanation = await withKey(node, inputs, [...waitsFor]);
    known.set(node, explanation);
    return explanation;
  };

  const withKey = async (
    node: PlanNode,
    inputs: Record<string, string>,
    waitsFor: readonly PlanNode[],
  ): Promise<Explanation> => {
    if (waitsFor.length > 0) {
      return { node, status: 'waits', key: null, entry: null, differences: [], waitsFor };
    }
    const { key, text } = await keys.of(node, inputs);
    const entry = await results.find(key);
    if (entry && !(await effectPresent(node, folder, entry.outputs, results.load))) {
      const effect = { part: 'effect', here: 'gone', there: 'made' };
      return { node, status: 'to do', key, entry, differences: [effect], waitsFor };
    }
    if (entry) return { node, status: 'cached', key, entry, differences: [], waitsFor };
    return { node, status: 'to do', key, ...nearest(flat(JSON.parse(text))), waitsFor };
  };

  /** The entry whose key differs in the fewest parts; of several the newest. */
  const nearest = (
    here: ReadonlyMap<string, unknown>,
  ): Pick<Explanation, 'entry' | 'differences'> => {
    let best: Pick<Explanation, 'entry' | 'differences'> = { entry: null, differences: [] };
    for (const { entry, parts } of parsed) {
      if (parts.get('use') !== here.get('use')) continue;
      const differences = compare(here, parts);
      if (best.entry === null || differences.length <= best.differences.length) {
        best = { entry, differences };
      }
    }
    return best;
  };

  return async (node: PlanNode): Promise<Explanation[]> => {
    const own = await look(node);
    const before = await Promise.all(own.waitsFor.map(look));
    return [...before, own];
  };
}

function partsOf({ key, parts }: CacheEntry): ReadonlyMap<string, unknown> | undefined {
  return parts !== undefined && isSha256(key, parts) ? flat(JSON.parse(parts)) : undefined;
}

/** The members of a value by their paths: `options.scale`. Lists count as one. */
function flat(value: unknown): Map<string, unknown> {
  const members = new Map<string, unknown>();
  const visit = (path: string, member: unknown) => {
    const inner = typeof member === 'object' && member !== null && !Array.isArray(member);
    if (!inner) return void members.set(path, member);
    for (const [name, each] of Object.entries(member)) {
      visit(path === '' ? name : `${path}.${name}`, each);
    }
  };
  visit('', value);
  return members;
}

function compare(
  here: ReadonlyMap<string, unknown>,
  there: ReadonlyMap<string, unknown>,
): Difference[] {
  const paths = new Set([...here.keys(), ...there.keys()]);
  return [...paths]
    .map((part) => ({ part, here: here.get(part), there: there.get(part) }))
    .filter((each) => JSON.stringify(each.here) !== JSON.stringify(each.there));
}
