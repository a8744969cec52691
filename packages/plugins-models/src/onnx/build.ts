import { UserError } from '@privatesnn/core';

import type { Graph } from './graph.js';
import { imageInput } from './image.js';
import type { NodeMessage } from './model-file.js';
import { operationOf, viewText } from './operation.js';
import { operatorOf } from './operators.js';
import { refusal } from './refusal.js';
import type { Feature, Step } from './step.js';
import type { Value } from './values.js';
import { isFlat, type Shape } from './view.js';

/** The most numbers that a layer may give for an image: far beyond what can be computed here. */
const largestOutput = 2 ** 28;

/** The steps of a network, and what its user should know of how they were found. */
export interface Steps {
  readonly output: Feature;
  readonly batchSize: number | undefined;
  readonly input: Feature;
  readonly remarks: readonly string[];
}

/**
 * Reads the graph node by node: constants and shapes are computed, the rest becomes steps.
 *
 * @throws UserError that names the node, where one cannot be part of a network for conversion
 */
export function buildSteps(graph: Graph, inputShape: Shape | null | undefined): Steps {
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
    if (value.kind === 'feature') expectSmall(node, value.step, file);
    values.set(node.outputs[0]!, value);
  }
  const output = values.get(graph.output)!;
  if (output.kind !== 'feature' || output.step.kind === 'input') {
    throw new UserError(
      'data',
      'MODEL_ENDS',
      `The output "${graph.output}" of ${file} does not come from the image.`,
      {
        hint: 'Export the network with an image as its input and the logits as its output.',
        place: { file },
      },
    );
  }
  if (!isFlat(output.view)) {
    throw new UserError(
      'data',
      'MODEL_ENDS',
      `The output "${graph.output}" of ${file} is ${viewText(output.view)}, but must be one number for each class.`,
      { hint: 'Take a classifier; detection and segmentation are not read.', place: { file } },
    );
  }
  const remarks = [...told].map(([text, count]) => `${file}: ${text} (${count} of them).`);
  return {
    output,
    input: image.feature,
    batchSize: image.batchSize,
    remarks: [...graph.remarks, ...image.remarks, ...remarks],
  };
}

function expectOneOutput(node: NodeMessage, { used, file }: Graph): void {
  const other = node.outputs.slice(1).find((name) => name !== '' && used.has(name));
  if (other === undefined) return;
  throw refusal(
    node,
    file,
    `its output "${other}", beside the first, is used`,
    'Take a network without it.',
  );
}

function expectSmall(node: NodeMessage, { shape }: Step, file: string): void {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count <= largestOutput) return;
  throw refusal(
    node,
    file,
    `it gives ${shape.join(' × ')} numbers for each image, and at most ${largestOutput} are computed`,
    'Check its padding and the size of the images.',
  );
}
