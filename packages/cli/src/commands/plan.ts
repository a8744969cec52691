import { visibleLine, planStatus, type Plan } from '@privatesnn/core';

import { openCacheAt } from '../cache.js';
import { count, cut } from '../progress/format.js';
import { paintFor, say, sayJson, terminalOf } from '../terminal.js';

/** Prints the jobs of a plan with their stages, and which of them the cache has. */
export async function printPlan(
  plan: Plan,
  options: { cache?: string | undefined; json?: boolean | undefined },
): Promise<void> {
  const cache = await openCacheAt(options.cache);
  const status = await planStatus(plan, cache.results);
  if (options.json) {
    const jobs = plan.jobs.map(({ name, axes, needed }) => ({
      name,
      axes,
      stages: needed.map((node) => ({
        stage: node.stage,
        use: node.declared.qualified,
        options: node.options,
        inputs: Object.fromEntries(
          Object.entries(node.inputs).map(([port, { node: source, output }]) => [
            port,
            `${source.stage}.${output}`,
          ]),
        ),
        status: status.get(node),
      })),
    }));
    sayJson({ name: plan.name, seeds: plan.seeds, jobs });
    return;
  }
  const terminal = terminalOf(process.stdout);
  const paint = paintFor(terminal);
  const cached = plan.nodes.filter((node) => status.get(node) === 'cached').length;
  const lines = [
    `${plan.name}: ${count(plan.jobs.length, 'job')}, ${count(plan.nodes.length, 'stage')} ` +
      `(${cached} cached, ${plan.nodes.length - cached} to do)`,
  ];
  const shown = new Set<unknown>();
  for (const job of plan.jobs) {
    lines.push('', paint.bold(visibleLine(job.name)));
    const width = Math.max(...job.needed.map(({ stage }) => stage.length));
    for (const node of job.needed) {
      const state = shown.has(node) ? 'as above' : status.get(node)!;
      shown.add(node);
      const from = [...new Set(Object.values(node.inputs).map(({ node: source }) => source.stage))];
      const what = `${node.declared.definition.id}${from.length > 0 ? ` ← ${from.join(', ')}` : ''}`;
      const text = cut(`${node.stage.padEnd(width)}  ${what}`, terminal.columns - 12);
      const colour = state === 'to do' ? paint.yellow : paint.dim;
      lines.push(`  ${colour(state.padEnd(8))}  ${text}`);
    }
  }
  say(process.stdout, `${lines.join('\n')}\n`);
}
