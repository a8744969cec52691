import { expectSmall } from '../steps/feature.js';
import type { Steps } from '../steps/network.js';
import { refuse } from '../steps/refusal.js';
import type { Shape } from '../steps/view.js';
import type { Graph } from './graph.js';
import { imageInput } from './image.js';
import type { NodeMessage } from './model-file.js';
import { operationOf } from './operation.js';
import { operatorOf } from './operators.js';
import type { Value } from './values.js';

/**
 * Reads the graph node by node: constants and shapes are computed, the rest becomes steps.
 *
 * @throws UserError that names the node, where one cannot be part of a network for conversion
 */
export function buildSteps(
  graph: Graph,
  inputShape: Shape | null | undefined,
): Steps & { readonly batchSize: number | undefined } {
  const { file } = graph;
  const image = imageInput(graph, inputShape);
  const values = new Map<string, Value>([[graph.input.name, image.feature]]);
  for (const [name, tensor] of graph.initialisers) values.set(name, { kind: 'constant', tensor });
  const told = new Map<string, number>();
  for (const node of graph.nodes) {
    const operation = operationOf({
      node,
      file,
      batchSize: image.batchSize,
      inputs: node.inputs.map((name) => values.get(name)),
      remark: (text) => told.set(text, (told.get(text) ?? 0) + 1),
      isUsed: (output) => graph.used.has(node.outputs[output] || '\0'),
    });
    const value = operatorOf(operation, graph.functions)(operation);
    operation.attributes.finish();
    expectOneOutput(node, graph);
    if (value.kind === 'feature') expectSmall(operation, value.step);
    values.set(node.outputs[0]!, value);
  }
  const output = values.get(graph.output)!;
  const remarks = [...told].map(([text, count]) => `${file}: ${text} (${count} of them).`);
  return {
    output: output.kind === 'feature' ? output : undefined,
    outputName: graph.output,
    input: image.feature,
    batchSize: image.batchSize,
    remarks: [...graph.remarks, ...image.remarks, ...remarks],
  };
}

function expectOneOutput(node: NodeMessage, { used, file }: Graph): void {
  const other = node.outputs.slice(1).find((name) => name !== '' && used.has(name));
  if (other === undefined) return;
  throw refuse(
    { node, file },
    `its output "${other}", beside the first, is used`,
    'Take a network without it.',
  );
}
