import {
  explainStage,
  suggestion,
  UserError,
  visibleLine,
  wrap,
  type Difference,
  type Explanation,
  type Plan,
  type PlanNode,
} from '@privatesnn/core';

import { openCacheAt } from '../cache.js';
import { clockTime, count, cut, duration } from '../progress/format.js';
import { paintFor, say, sayJson, terminalOf } from '../terminal.js';

/** So many different answers are shown. */
const shown = 10;
const longestValue = 60;

/** Says which stages of a name would be computed, and which parts of their keys differ from the nearest entry. */
export async function printWhy(
  plan: Plan,
  stage: string,
  options: { readonly cache?: string | undefined; readonly json?: boolean | undefined },
): Promise<void> {
  if (!plan.nodes.some((node) => node.stage === stage)) throw unknownStage(plan, stage);
  const cache = await openCacheAt(options.cache);
  const entries = await cache.maintenance.list();
  const explained = await explainStage(plan, stage, cache.results, entries);
  const terminal = terminalOf(process.stdout);
  const paint = paintFor(terminal);
  const width = Math.min(terminal.columns, 100);
  const jobsOf = jobsByNode(plan);
  if (options.json) return sayJson(explained.map((each) => asJson(each, jobsOf.get(each.node)!)));
  const answers = new Map<string, { readonly one: Explanation; readonly jobs: Set<string> }>();
  for (const each of explained) {
    const text = JSON.stringify([each.node.stage, each.status, reasons(each)]);
    const answer = answers.get(text) ?? { one: each, jobs: new Set<string>() };
    for (const job of jobsOf.get(each.node)!) answer.jobs.add(job);
    answers.set(text, answer);
  }
  const blocks = [...answers.values()].slice(0, shown).map(({ one, jobs }) => {
    const { node, status } = one;
    const [first = ''] = jobs;
    const of =
      jobs.size === plan.jobs.length
        ? ''
        : jobs.size === 1
          ? ` of job "${first}"`
          : ` of ${jobs.size} jobs`;
    const use = node.declared.definition.id;
    const name = `${node.stage}${use === node.stage ? '' : ` (${use})`}${of}`;
    const words = { cached: 'in the cache', 'to do': 'would be computed', waits: 'waits' };
    const head = paint.bold(wrap(visibleLine(`${name}: ${words[status]}`), width));
    const lines = reasons(one).map((line) =>
      wrap(visibleLine(line), width - 2, '    ').trimStart(),
    );
    return [head, ...lines.map((line) => `  ${line}`)].join('\n');
  });
  if (answers.size > shown) blocks.push(`and ${answers.size - shown} more: --json has all of them`);
  say(process.stdout, `${blocks.join('\n')}\n`);
}

/** Names of the jobs that need a node. */
function jobsByNode({ nodes, jobs }: Plan): ReadonlyMap<PlanNode, readonly string[]> {
  const names = new Map<PlanNode, string[]>(nodes.map((node) => [node, []]));
  for (const { name, needed } of jobs) for (const node of needed) names.get(node)!.push(name);
  return names;
}

function reasons({ status, entry, differences, waitsFor, node }: Explanation): string[] {
  if (status === 'cached') {
    return [`computed ${clockTime(entry!.created)} in ${duration(entry!.seconds)}`];
  }
  if (status === 'waits') {
    const names = [...new Set(waitsFor.map(({ stage }) => stage))];
    return [`its key is known only after ${names.join(', ')}`];
  }
  if (entry === null) {
    return [`the cache has no result of ${node.declared.qualified} that says what it was made of`];
  }
  const parts = count(differences.length, 'part');
  return [
    `the nearest result (${entry.label}, ${clockTime(entry.created)}) differs in ${parts} of its key:`,
    ...differences.map((difference) => `- ${partText(difference, node)}`),
  ];
}

/** A part of a key that differs, in words. */
function partText({ part, here, there }: Difference, node: PlanNode): string {
  const [group, ...path] = part.split('.');
  const name = path.join('.');
  const both = `${valueText(there)} there, ${valueText(here)} here`;
  switch (group) {
    case 'options':
      return `option ${name}: ${both}`;
    case 'inputs': {
      const source = node.inputs[name];
      const from = source ? `; made by stage ${source.node.stage}` : '';
      if (here === undefined) return `input ${name}: connected there, not here`;
      return `input ${name}: ${there === undefined ? 'not connected there' : 'other content'}${from}`;
    }
    case 'code':
      return `code: that of ${node.declared.plugin.name} has changed`;
    case 'core':
      return 'code: that of @privatesnn/core has changed';
    case 'rootSeed':
      return `seed: ${both}`;
    case 'stage':
      return `name of the stage, which names its random streams: ${both}`;
    case 'version':
      return `version of the stage: ${both}`;
    case 'services':
      return `${name}: ${both}`;
    case 'fingerprint':
      return 'files or environment: what it reads has other content';
    case 'ancestors':
      return 'ancestors: its inputs came from other stages';
    case 'effect':
      return 'what it wrote is gone';
    default:
      return `${part}: ${both}`;
  }
}

function valueText(value: unknown): string {
  if (value === undefined) return 'nothing';
  return cut(typeof value === 'string' ? value : JSON.stringify(value), longestValue);
}

function asJson(explanation: Explanation, jobs: readonly string[]) {
  const { node, status, key, entry, differences, waitsFor } = explanation;
  return {
    stage: node.stage,
    use: node.declared.qualified,
    jobs,
    status,
    key,
    nearest: entry === null ? null : { key: entry.key, label: entry.label, created: entry.created },
    differences,
    waitsFor: waitsFor.map(({ stage }) => stage),
  };
}

function unknownStage(plan: Plan, stage: string): UserError {
  const known = [...new Set(plan.nodes.map((node) => node.stage))];
  const unused = plan.jobs.some(({ stages }) => stages.has(stage));
  const message = unused
    ? `No goal needs the stage "${stage}", so that it is never computed.`
    : `The experiment has no stage "${stage}".`;
  return new UserError('configuration', 'UNKNOWN_STAGE', message, {
    hint: suggestion(stage, known, 'stages'),
  });
}
