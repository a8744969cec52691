import { attributesOf, type Attributes } from './attributes.js';
import type { NodeMessage, TensorMessage } from './model-file.js';
import { viewText } from '../steps/feature.js';
import { refuse } from '../steps/refusal.js';
import type { Feature, Step } from '../steps/step.js';
import { countOf, readNumbers, readWhole } from './tensor.js';
import type { Size, Value } from './values.js';
import { axesOf, imageView, sameView, type Axis } from '../steps/view.js';

/** A node whose inputs are known. */
export interface Operation {
  readonly node: NodeMessage;
  readonly file: string;
  readonly attributes: Attributes;
  readonly inputs: readonly (Value | undefined)[];
  /** The number of images of a batch, where the file fixes it. */
  readonly batchSize: number | undefined;
  /** Tells the user something about the import. */
  remark(text: string): void;
  /** Whether anything takes the node's output of that place. */
  isUsed(output: number): boolean;
}

/** What a node gives as its first output. */
export type Operator = (operation: Operation) => Value;

export function operationOf(
  known: Omit<Operation, 'attributes'> & { readonly node: NodeMessage },
): Operation {
  return { ...known, attributes: attributesOf(known.node, known.file) };
}

export const exportAgain = 'Export it again, and check it with onnx.checker.check_model.';

/** An input that must be computed from the image. */
export function feature(operation: Operation, at = 0): Feature {
  const value = operation.inputs[at];
  if (value?.kind === 'feature') return value;
  throw refuse(
    operation,
    `its input ${at + 1} should come from the image, but is ${value ? 'constant' : 'left out'}`,
    'Let it take what layers give, and weights where ONNX expects weights.',
  );
}

/** FLOAT of TensorProto.DataType. */
const float32 = 1;

/** An input that must be there as numbers; undefined where it is left out. */
export function optionalTensor(operation: Operation, at: number): TensorMessage | undefined {
  const value = operation.inputs[at];
  if (value === undefined) return undefined;
  if (value.kind === 'constant') return value.tensor;
  if (value.kind === 'sizes' && value.values.every((size) => typeof size === 'number')) {
    const raw = new Uint8Array(Float32Array.from(value.values).buffer);
    const name = operation.node.inputs[at]!;
    return { name, type: float32, shape: value.shape, raw, packed: {}, external: undefined };
  }
  throw refuse(
    operation,
    `its input ${at + 1} is computed from the image, but must be constant`,
    'Products and filters of activations, such as attention, have no counterpart in a spiking network here: take a network without them.',
  );
}

export function tensor(operation: Operation, at: number): TensorMessage {
  const found = optionalTensor(operation, at);
  if (found) return found;
  throw refuse(operation, `its input ${at + 1} is missing`, exportAgain);
}

/** The numbers of a constant. */
export function numbers(operation: Operation, from: TensorMessage): Float32Array {
  return readNumbers(from, operation.file);
}

/** One number that may be an attribute (older operators) or an input (newer ones). */
export function numberOf(operation: Operation, name: string, at: number, value: number): number {
  if (operation.attributes.has(name)) return operation.attributes.float(name, value);
  const given = optionalTensor(operation, at);
  if (!given) return value;
  if (countOf(given) === 1) return numbers(operation, given)[0]!;
  throw refuse(operation, `"${name}" should be one number, but has ${countOf(given)}`, exportAgain);
}

/** Whole numbers that may be an attribute (older operators) or an input (newer ones); undefined where left out. */
export function wholeOf(
  operation: Operation,
  name: string,
  at: number,
): readonly number[] | undefined {
  const given = operation.attributes.ints(name);
  if (given) return given;
  const sizes = sizesOf(operation, at);
  return sizes?.map((size) => {
    if (typeof size === 'number') return size;
    throw refuse(
      operation,
      `"${name}" depends on the number of images`,
      'Export the network so that every image is computed by itself.',
    );
  });
}

/** Whole numbers of an input, the number of images among them. */
export function sizesOf(operation: Operation, at: number): readonly Size[] | undefined {
  const value = operation.inputs[at];
  if (value?.kind === 'sizes') return value.values;
  const given = optionalTensor(operation, at);
  return given && readWhole(given, operation.file);
}

/** A feature that must be images in ONNX's order: [image, channels, height, width]. */
export function images(operation: Operation, at = 0): Feature {
  const found = feature(operation, at);
  if (sameView(found.view, imageView(found.step.shape))) return found;
  throw refuse(
    operation,
    `it takes images, [image, channels, height, width], but gets ${viewText(found.view)}`,
    'Keep images in the order channels, height, width up to the flatten before the first dense layer; ' +
      'a network that takes them in another order must transpose them first.',
  );
}

/**
 * A feature that must be images, in whatever order of the axes.
 *
 * @returns the axes of the dimensions after the first
 */
export function imageAxes(operation: Operation): readonly Axis[] {
  const { view } = feature(operation);
  const axes = axesOf(view);
  if (axes) return axes;
  throw refuse(
    operation,
    `it takes images, but gets ${viewText(view)}`,
    'Let it come before the images are flattened.',
  );
}

/** A step's output as images. */
export function asImages(step: Step): Feature {
  return { kind: 'feature', step, view: imageView(step.shape) };
}
