import type { Results } from '../cache/cache.js';
import { stageFailed, stageName } from '../errors/templates/run.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { effectPresent } from './fingerprint.js';
import { createKeys } from './keys.js';
import { workOf } from './work.js';

/** Whether a stage's result is in the cache. */
export type NodeStatus = 'cached' | 'to do';

/** What a run of the plan would take from the cache; nothing is computed. */
export async function planStatus(
  plan: Plan,
  results: Results,
): Promise<ReadonlyMap<PlanNode, NodeStatus>> {
  const work = workOf(plan);
  const keys = createKeys(work);
  const digests = new Map<PlanNode, Readonly<Record<string, string>>>();
  const status = new Map<PlanNode, NodeStatus>();
  const look = async (node: PlanNode) => {
    const inputs = Object.entries(node.inputs).map(
      ([port, { node: source, output }]) => [port, digests.get(source)?.[output]] as const,
    );
    if (inputs.some(([, digest]) => digest === undefined)) return false;
    const { key } = await keys.of(node, Object.fromEntries(inputs) as Record<string, string>);
    const entry = await results.find(key);
    if (!entry) return false;
    const outputs = Object.entries(entry.outputs);
    digests.set(node, Object.fromEntries(outputs.map(([name, { digest }]) => [name, digest])));
    return effectPresent(node, work.folder, entry.outputs, (one) => results.load(one));
  };
  for (const node of plan.nodes) {
    try {
      status.set(node, (await look(node)) ? 'cached' : 'to do');
    } catch (error) {
      const { stage, declared, place, optionPlaces } = node;
      const jobs = plan.jobs.filter(({ needed }) => needed.includes(node)).map(({ name }) => name);
      const where = stageName(stage, declared.definition.id, declared.plugin.name, jobs);
      throw stageFailed(where, place, optionPlaces, error);
    }
  }
  return status;
}
