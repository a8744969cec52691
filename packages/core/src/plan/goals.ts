import { show } from '../config/issues.js';
import { toPlain } from '../config/node.js';
import type { MistakeList } from '../errors/error-list.js';
import { unknownStageName, wrongValue } from '../errors/templates/configuration.js';
import type { FilledCell } from './experiment.js';
import type { PlanNode } from './plan.js';

/** The stages that a job names under `goals:`; undefined where it names none. */
export function namedGoals(
  { goals }: FilledCell,
  known: readonly string[],
  errors: MistakeList,
): string[] | undefined {
  if (!goals) return undefined;
  if (goals.kind !== 'list') {
    errors.push(wrongValue('"goals"', 'a list of stages', show(toPlain(goals)), goals.place));
    return [];
  }
  const names = new Set(known);
  return goals.items.map((goal) => {
    const name = String(toPlain(goal));
    if (!names.has(name)) errors.push(unknownStageName(name, known, goal.place, '"goals"'));
    return name;
  });
}

/**
 * The goals and all that they need, each node after its inputs, in the file's order. Without named goals these
 * are the metrics and exporters, or everything where there are none.
 */
export function neededNodes(
  stages: ReadonlyMap<string, PlanNode>,
  namedGoals: readonly string[] | undefined,
): PlanNode[] {
  const named = namedGoals && new Set(namedGoals);
  const goals = [...stages].filter(([name, { declared }]) => {
    const { kind } = declared.definition;
    return named ? named.has(name) : kind === 'metric' || kind === 'exporter';
  });
  const needed = new Set<PlanNode>();
  const visit = (node: PlanNode) => {
    if (needed.has(node)) return;
    for (const { node: source } of Object.values(node.inputs)) visit(source);
    needed.add(node);
  };
  for (const node of goals.length > 0 ? goals.map(([, goal]) => goal) : stages.values())
    visit(node);
  return [...needed];
}
