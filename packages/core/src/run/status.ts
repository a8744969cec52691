import type { Results } from '../cache/cache.js';
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
  for (const node of plan.nodes) {
    const inputs = Object.entries(node.inputs).map(([port, { node: source, output }]) => [
      port,
      digests.get(source)?.[output],
    ]);
    const known = inputs.every(([, digest]) => digest !== undefined);
    const entry = known
      ? await results.find(
          (await keys.of(node, Object.fromEntries(inputs) as Record<string, string>)).key,
        )
      : undefined;
    const done =
      entry && (await effectPresent(node, work.folder, entry.outputs, (one) => results.load(one)));
    status.set(node, done ? 'cached' : 'to do');
    if (entry) {
      digests.set(
        node,
        Object.fromEntries(
          Object.entries(entry.outputs).map(([name, { digest }]) => [name, digest]),
        ),
      );
    }
  }
  return status;
}
