import protobuf from 'protobufjs/minimal.js';

/** A network to be written as an ONNX file. */
export interface NetworkToWrite {
  readonly nodes: readonly NodeToWrite[];
  readonly tensors?: Readonly<Record<string, TensorToWrite>>;
  /** Sizes of the inputs, 0 where free; 2 × 4 × 4 images when left out. */
  readonly input?: readonly number[];
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
  /** Sizes of the outputs, 0 where free; not said when left out. */
  readonly output?: readonly number[];
  readonly opset?: number;
  readonly domain?: string;
  /** The program that writes the file. */
  readonly producer?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}
export interface NodeToWrite {
  readonly op: string;
  readonly name?: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, number | string | readonly number[] | Float>>;
}
/** A number that is stored as a float. */
export interface Float {
  readonly float: number;
}
export interface TensorToWrite {
  readonly shape: readonly number[];
  readonly values?: readonly number[] | Float32Array;
  /** 1 for floats, 7 for 64-bit whole numbers; 1 when left out. */
  readonly type?: number;
  readonly external?: Readonly<Record<string, string>>;
}

/** A network as the bytes of an ONNX file; numbers of fields as in onnx.proto. */
export function writeOnnx(network: NetworkToWrite): Uint8Array {
  const { nodes, tensors = {}, input = [0, 2, 4, 4], opset = 17, domain = '' } = network;
  const { inputs = ['image'], outputs = ['logits'], producer = '', metadata = {} } = network;
  const graph = new protobuf.Writer();
  for (const node of nodes) message(graph, 1, writeNode(node));
  text(graph, 2, 'network');
  for (const [name, tensor] of Object.entries(tensors))
    message(graph, 5, writeTensor(name, tensor));
  for (const name of inputs) message(graph, 11, writePort(name, input));
  for (const name of outputs) message(graph, 12, writePort(name, network.output));
  const operators = new protobuf.Writer().uint32(10).string(domain).uint32(16).int64(opset);
  const model = new protobuf.Writer().uint32(8).int64(8);
  text(model, 2, producer);
  message(model, 7, graph);
  message(model, 8, operators);
  for (const [key, value] of Object.entries(metadata)) message(model, 14, entry(key, value));
  return model.finish();
}

function message(to: protobuf.Writer, field: number, content: protobuf.Writer): void {
  to.uint32((field << 3) | 2).bytes(content.finish());
}

function text(to: protobuf.Writer, field: number, value: string): void {
  to.uint32((field << 3) | 2).string(value);
}

function entry(key: string, value: string): protobuf.Writer {
  const to = new protobuf.Writer();
  text(to, 1, key);
  text(to, 2, value);
  return to;
}

function writeNode({ op, name = '', domain = '', inputs, outputs, attributes = {} }: NodeToWrite) {
  const to = new protobuf.Writer();
  for (const input of inputs) text(to, 1, input);
  for (const output of outputs) text(to, 2, output);
  text(to, 3, name);
  text(to, 4, op);
  for (const [key, value] of Object.entries(attributes)) {
    const attribute = new protobuf.Writer();
    text(attribute, 1, key);
    // Field 20 is the type, of AttributeProto.AttributeType.
    const type = (code: number) => attribute.uint32(160).int32(code);
    if (typeof value === 'string') {
      text(attribute, 4, value);
      type(3);
    } else if (typeof value === 'number') {
      attribute.uint32(24).int64(value);
      type(2);
    } else if ('float' in value) {
      attribute.uint32(21).float(value.float);
      type(1);
    } else {
      value.forEach((one) => attribute.uint32(64).int64(one));
      type(7);
    }
    message(to, 5, attribute);
  }
  text(to, 7, domain);
  return to;
}

function writeTensor(name: string, { shape, values = [], type = 1, external }: TensorToWrite) {
  const to = new protobuf.Writer();
  for (const size of shape) to.uint32(8).int64(size);
  to.uint32(16).int32(type);
  text(to, 8, name);
  if (external) {
    for (const [key, value] of Object.entries(external)) {
      message(to, 13, entry(key, value));
    }
    to.uint32(112).int32(1);
    return to;
  }
  const raw =
    type === 7 ? BigInt64Array.from(Array.from(values), BigInt) : Float32Array.from(values);
  to.uint32(74).bytes(new Uint8Array(raw.buffer));
  return to;
}

function writePort(name: string, sizes: readonly number[] | undefined) {
  const shape = new protobuf.Writer();
  for (const size of sizes ?? []) {
    const dimension = new protobuf.Writer();
    if (size > 0) dimension.uint32(8).int64(size);
    else text(dimension, 2, 'n');
    message(shape, 1, dimension);
  }
  const tensor = new protobuf.Writer().uint32(8).int32(1);
  if (sizes) message(tensor, 2, shape);
  const type = new protobuf.Writer();
  message(type, 1, tensor);
  const port = new protobuf.Writer();
  text(port, 1, name);
  message(port, 2, type);
  return port;
}
