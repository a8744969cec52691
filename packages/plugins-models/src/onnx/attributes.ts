import type { AttributeValue, NodeMessage, TensorMessage } from './model-file.js';
import { refuse } from '../steps/refusal.js';

/** The attributes of a node, each asked for by its type and with the default of the operator. */
export interface Attributes {
  int(name: string, value: number): number;
  float(name: string, value: number): number;
  text(name: string, value: string): string;
  ints(name: string): readonly number[] | undefined;
  floats(name: string): readonly number[] | undefined;
  tensor(name: string): TensorMessage | undefined;
  has(name: string): boolean;
  /** @throws UserError where the node has an attribute that nobody asked for */
  finish(): void;
}

const isTensor = (value: AttributeValue): value is TensorMessage =>
  typeof value === 'object' && 'packed' in value;
const isList = (value: AttributeValue): value is readonly number[] => Array.isArray(value);

export function attributesOf(node: NodeMessage, file: string): Attributes {
  const asked = new Set<string>();
  const get = (name: string) => {
    asked.add(name);
    return node.attributes.get(name);
  };
  const wrong = (name: string, expected: string) =>
    refuse(
      { node, file },
      `its attribute "${name}" should be ${expected}`,
      'Export it again, and check it with onnx.checker.check_model.',
    );
  const one =
    <T extends AttributeValue>(is: (value: AttributeValue) => value is T, expected: string) =>
    (name: string) => {
      const value = get(name);
      if (value === undefined || is(value)) return value;
      throw wrong(name, expected);
    };
  const number = one((value) => typeof value === 'number', 'a number');
  const whole = (name: string, value: number) => {
    if (Number.isInteger(value)) return value;
    throw wrong(name, 'a whole number');
  };
  const list = one(isList, 'a list of numbers');
  const text = one((value) => typeof value === 'string', 'a text');
  const tensor = one(isTensor, 'a tensor');
  return {
    int: (name, value) => whole(name, number(name) ?? value),
    float: (name, value) => number(name) ?? value,
    text: (name, value) => text(name) ?? value,
    ints: (name) => list(name)?.map((value) => whole(name, value)),
    floats: list,
    tensor,
    has: (name) => get(name) !== undefined,
    finish: () => {
      const unknown = [...node.attributes.keys()].find((name) => !asked.has(name));
      if (unknown === undefined) return;
      throw refuse(
        { node, file },
        `what its attribute "${unknown}" would change is not known here`,
        'Export the network with a version from 9 to 22 of the operators (opset_version).',
      );
    },
  };
}
