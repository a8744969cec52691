import { refuse } from '../../steps/refusal.js';
import { exportAgain, type Operator } from '../operation.js';
import type { TensorMessage } from '../model-file.js';

const int64 = 7;
const float = 1;

/** A tensor that stands in the node. */
export const constant: Operator = (operation) => {
  const { attributes, node } = operation;
  const name = node.outputs[0] ?? '';
  const given = attributes.tensor('value');
  if (given) return { kind: 'constant', tensor: { ...given, name: given.name || name } };
  for (const [list, one, type] of [
    ['value_ints', 'value_int', int64],
    ['value_floats', 'value_float', float],
  ] as const) {
    if (attributes.has(list)) {
      const values = attributes.floats(list)!;
      return { kind: 'constant', tensor: tensorOf(name, type, [values.length], values) };
    }
    if (attributes.has(one)) {
      return { kind: 'constant', tensor: tensorOf(name, type, [], [attributes.float(one, 0)]) };
    }
  }
  throw refuse(operation, 'it holds no numbers', exportAgain);
};

function tensorOf(
  name: string,
  type: number,
  shape: readonly number[],
  values: readonly number[],
): TensorMessage {
  const raw =
    type === float
      ? Float32Array.from(values)
      : BigInt64Array.from(values, (value) => BigInt.asIntN(64, BigInt(value)));
  return { name, type, shape, raw: new Uint8Array(raw.buffer), packed: {}, external: undefined };
}
