import { UserError } from '@privatesnn/core';

import type { ModelMessage, NodeMessage, PortMessage, TensorMessage } from './model-file.js';
import { called, contradiction } from '../steps/refusal.js';

/** The versions of ONNX's operators that are read. */
const versions = { first: 9, last: 22 } as const;

/** Far more nodes than networks have that can be computed here. */
const mostNodes = 20_000;

/** The part of a file's graph that its output needs. */
export interface Graph {
  readonly file: string;
  readonly input: PortMessage;
  /** The name of the value that is the output. */
  readonly output: string;
  /** Each after those whose outputs it takes. */
  readonly nodes: readonly NodeMessage[];
  readonly initialisers: ReadonlyMap<string, TensorMessage>;
  /** Names of values that a node or the output takes. */
  readonly used: ReadonlySet<string>;
  readonly functions: ReadonlySet<string>;
  /** What the file holds and the output does not need. */
  readonly remarks: readonly string[];
}

/**
 * Finds what computes the output, in order.
 *
 * @throws UserError where versions are not known, there is not one input and one output, or the graph contradicts itself
 */
export function graphOf({ opsets, graph, functions }: ModelMessage, file: string): Graph {
  const version = opsets.get('') ?? 1;
  if (version < versions.first || version > versions.last) {
    throw new UserError(
      'data',
      'MODEL_VERSION',
      `${file} takes version ${version} of ONNX's operators; ${versions.first} to ${versions.last} are read.`,
      {
        hint:
          'Export it with opset_version=17, or convert it: ' +
          'onnx.save(onnx.version_converter.convert_version(onnx.load("net.onnx"), 17), "net17.onnx").',
        place: { file },
      },
    );
  }
  if (graph.sparse > 0) {
    throw contradiction(file, 'it holds sparse weights, which are not read');
  }
  if (graph.nodes.length > mostNodes) {
    throw contradiction(file, `it has ${graph.nodes.length} nodes; at most ${mostNodes} are read`);
  }
  const initialisers = new Map(graph.initialisers.map((tensor) => [tensor.name, tensor]));
  if (initialisers.size < graph.initialisers.length) {
    throw contradiction(file, 'two of its weights have one name');
  }
  const inputs = graph.inputs.filter(({ name }) => !initialisers.has(name));
  const input = only(inputs, 'input', file);
  const output = only(graph.outputs, 'output', file).name;
  const makers = new Map<string, NodeMessage>();
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      if (name === '') continue;
      if (makers.has(name) || initialisers.has(name) || name === input.name) {
        throw contradiction(file, `two things give the value "${name}"`);
      }
      makers.set(name, node);
    }
  }
  const used = new Set([output]);
  const nodes = neededNodes(
    output,
    makers,
    (name, node) => {
      if (initialisers.has(name) || name === input.name) return;
      throw contradiction(
        file,
        node
          ? `${called(node)} takes "${name}", which nothing gives`
          : `nothing gives its output "${name}"`,
      );
    },
    file,
  );
  for (const node of nodes) for (const name of node.inputs) used.add(name);
  const needed = new Set(nodes);
  const remarks = [
    leftOut('nodes', graph.nodes.filter((node) => !needed.has(node)).map(called)),
    leftOut(
      'weights',
      [...initialisers.keys()].filter((name) => !used.has(name)).map((name) => `"${name}"`),
    ),
  ].flatMap((remark) => (remark === undefined ? [] : [`${file} holds ${remark}`]));
  return { file, input, output, nodes, initialisers, used, functions, remarks };
}

function leftOut(what: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const some =
    names.slice(0, 5).join(', ') + (names.length > 5 ? `, and ${names.length - 5} more` : '');
  return `${what} that its output does not need, and which are left out: ${some}.`;
}

function only(ports: readonly PortMessage[], what: 'input' | 'output', file: string): PortMessage {
  if (ports.length === 1) return ports[0]!;
  const names = ports.map(({ name }) => `"${name}"`).join(', ') || 'none';
  throw new UserError(
    'data',
    'MODEL_ENDS',
    `The network ${file} should have one ${what}, but has ${ports.length}: ${names}.`,
    {
      hint:
        what === 'input'
          ? 'Take a classifier of images: one input, and everything else constant.'
          : 'Export the logits alone: return one tensor from forward(); auxiliary heads belong to the training.',
      place: { file },
    },
  );
}

/** The nodes that the output needs, each after those that it takes from. */
function neededNodes(
  output: string,
  makers: ReadonlyMap<string, NodeMessage>,
  expectGiven: (name: string, node: NodeMessage | undefined) => void,
  file: string,
): NodeMessage[] {
  const done = new Set<NodeMessage>();
  const begun = new Set<NodeMessage>();
  const open: { readonly node: NodeMessage; next: number }[] = [];
  const visit = (name: string, by?: NodeMessage) => {
    const node = makers.get(name);
    if (!node) {
      expectGiven(name, by);
    } else if (!done.has(node)) {
      if (begun.has(node))
        throw contradiction(file, `${called(node)} takes from itself, in a circle`);
      begun.add(node);
      open.push({ node, next: 0 });
    }
  };
  visit(output);
  while (open.length > 0) {
    const top = open.at(-1)!;
    const name = top.node.inputs[top.next++];
    if (name === undefined) {
      done.add(top.node);
      open.pop();
    } else if (name !== '') {
      visit(name, top.node);
    }
  }
  return [...done];
}
