import { notOnnx } from '../wrong-model-file.js';
import { readMessage, type Fields, type Value } from './wire.js';

/*
 * The messages of an ONNX file, as onnx.proto numbers their fields: what inference needs of them. Texts for people,
 * metadata and training information are passed over.
 */

/** A tensor as the file has it; its numbers are read by {@link file://./tensor.ts}. */
export interface TensorMessage {
  readonly name: string;
  readonly shape: readonly number[];
  /** TensorProto.DataType. */
  readonly type: number;
  /** Numbers as bytes, little-endian. */
  readonly raw: Uint8Array | undefined;
  /** Packed numbers, by their field: floats, 32-bit and 64-bit whole numbers, doubles. */
  readonly packed: Readonly<Partial<Record<'float' | 'int32' | 'int64' | 'double', Uint8Array>>>;
  /** Where the numbers lie in another file: location, offset, length. */
  readonly external: ReadonlyMap<string, string> | undefined;
}

export type AttributeValue =
  number | string | readonly number[] | TensorMessage | { other: string };

export interface NodeMessage {
  readonly noun: 'node';
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  /** Names of values; an empty one stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** An input or output of the graph. */
export interface PortMessage {
  readonly name: string;
  /** TensorProto.DataType; 0 where it is not said. */
  readonly type: number;
  /** A size, or undefined where it is free; undefined where nothing is said. */
  readonly shape: readonly (number | undefined)[] | undefined;
}

export interface GraphMessage {
  readonly nodes: readonly NodeMessage[];
  readonly initialisers: readonly TensorMessage[];
  readonly inputs: readonly PortMessage[];
  readonly outputs: readonly PortMessage[];
  /** Sparse initialisers, which nothing here reads. */
  readonly sparse: number;
}

export interface ModelMessage {
  /** Versions of the operator sets by domain; '' is ONNX's own. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly graph: GraphMessage;
  /** Names of functions that the file defines by itself. */
  readonly functions: ReadonlySet<string>;
}

const damaged = 'The file is truncated or damaged: fetch it again, or export it again.';

/** Reads the messages of an ONNX file. @throws UserError where it is none */
export function parseModel(bytes: Uint8Array, file: string): ModelMessage {
  const opsets = new Map<string, number>();
  const functions = new Set<string>();
  let graph: GraphMessage | undefined;
  try {
    readMessage(bytes, {
      7: (value) => (graph = readGraph(value)),
      8: (value) => {
        let [domain, version] = ['', 0];
        value.message({ 1: (v) => (domain = v.text()), 2: (v) => (version = v.int()) });
        opsets.set(ownDomain(domain), version);
      },
      25: (value) => value.message({ 1: (v) => functions.add(v.text()) }),
    });
  } catch (cause) {
    const problem = cause instanceof Error ? cause.message : String(cause);
    throw notOnnx({ file, head: bytes, problem, hint: damaged });
  }
  if (!graph) {
    throw notOnnx({ file, head: bytes, problem: 'it holds no graph', hint: damaged });
  }
  return { opsets, graph, functions };
}

/** ONNX's own operators may also be called by their long name. */
export function ownDomain(domain: string): string {
  return domain === 'ai.onnx' ? '' : domain;
}

function readGraph(value: Value): GraphMessage {
  const nodes: NodeMessage[] = [];
  const initialisers: TensorMessage[] = [];
  const inputs: PortMessage[] = [];
  const outputs: PortMessage[] = [];
  let sparse = 0;
  value.message({
    1: (v) => nodes.push(readNode(v)),
    5: (v) => initialisers.push(readTensor(v)),
    11: (v) => inputs.push(readPort(v)),
    12: (v) => outputs.push(readPort(v)),
    15: () => sparse++,
  });
  return { nodes, initialisers, inputs, outputs, sparse };
}

function readNode(value: Value): NodeMessage {
  let [name, op, domain] = ['', '', ''];
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, AttributeValue>();
  value.message({
    1: (v) => inputs.push(v.text()),
    2: (v) => outputs.push(v.text()),
    3: (v) => (name = v.text()),
    4: (v) => (op = v.text()),
    5: (v) => attributes.set(...readAttribute(v)),
    7: (v) => (domain = ownDomain(v.text())),
  });
  return { noun: 'node', name, op, domain, inputs, outputs, attributes };
}

/** AttributeProto.AttributeType, where the attribute says it. */
const attributeTypes = { float: 1, int: 2, text: 3, tensor: 4, floats: 6, ints: 7, texts: 8 };

function readAttribute(value: Value): [string, AttributeValue] {
  let [name, type] = ['', 0];
  let found: AttributeValue = { other: 'nothing' };
  const floats: number[] = [];
  const ints: number[] = [];
  const other = (what: string) => () => (found = { other: what });
  value.message({
    1: (v) => (name = v.text()),
    2: (v) => (found = v.float()),
    3: (v) => (found = v.int()),
    4: (v) => (found = v.text()),
    5: (v) => (found = readTensor(v)),
    6: other('a graph'),
    7: (v) => v.floats(floats),
    8: (v) => v.ints(ints),
    9: other('texts'),
    10: other('tensors'),
    11: other('graphs'),
    20: (v) => (type = v.int()),
    21: other('a reference to an attribute of a function'),
    22: other('a sparse tensor'),
    23: other('sparse tensors'),
  });
  // An empty list, or a zero that its writer left out, is told by the type alone.
  const { float, int, text } = attributeTypes;
  if (floats.length > 0 || type === attributeTypes.floats) return [name, floats];
  if (ints.length > 0 || type === attributeTypes.ints) return [name, ints];
  const empty = typeof found === 'object' && 'other' in found && found.other === 'nothing';
  if (empty && (type === float || type === int)) return [name, 0];
  if (empty && type === text) return [name, ''];
  return [name, found];
}

function readTensor(value: Value): TensorMessage {
  let [name, type, location] = ['', 0, 0];
  let raw: Uint8Array | undefined;
  const shape: number[] = [];
  const packed: { -readonly [K in keyof TensorMessage['packed']]: TensorMessage['packed'][K] } = {};
  const external = new Map<string, string>();
  const entry: (v: Value) => void = (v) => {
    let [key, text] = ['', ''];
    v.message({ 1: (k) => (key = k.text()), 2: (t) => (text = t.text()) });
    external.set(key, text);
  };
  const fields: Fields = {
    1: (v) => v.ints(shape),
    2: (v) => (type = v.int()),
    4: (v) => (packed.float = v.bytes()),
    5: (v) => (packed.int32 = v.bytes()),
    7: (v) => (packed.int64 = v.bytes()),
    8: (v) => (name = v.text()),
    9: (v) => (raw = v.bytes()),
    10: (v) => (packed.double = v.bytes()),
    13: entry,
    14: (v) => (location = v.int()),
  };
  value.message(fields);
  return { name, shape, type, raw, packed, external: location === 1 ? external : undefined };
}

function readPort(value: Value): PortMessage {
  let [name, type] = ['', 0];
  let shape: (number | undefined)[] | undefined;
  value.message({
    1: (v) => (name = v.text()),
    2: (v) =>
      v.message({
        1: (tensor) =>
          tensor.message({
            1: (t) => (type = t.int()),
            2: (t) => {
              const sizes: (number | undefined)[] = [];
              t.message({
                1: (dimension) => {
                  let size: number | undefined;
                  dimension.message({ 1: (d) => (size = d.int()) });
                  // Some exporters write 0 or −1 for a size that is free.
                  sizes.push(size !== undefined && size > 0 ? size : undefined);
                },
              });
              shape = sizes;
            },
          }),
      }),
  });
  return { name, type, shape };
}
