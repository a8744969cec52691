import { inspect, types } from 'node:util';

import { kindOf } from '../../errors/thrown.js';

/** Where a value is more than plain data, and how. */
export interface PlainFault {
  readonly path: readonly string[];
  /** Continues the sentence "the value …". */
  readonly what: string;
}

/** Deeper than any artefact; a value that contains itself is deeper still. */
const deepest = 8;

/**
 * The first place where a value is more than plain data: objects and lists of their usual prototypes whose members
 * are all enumerable, named by texts and no accessors; typed arrays without members of their own. What a schema does
 * not see (symbols, hidden members, a Proxy) is seen here. Reads nothing that could run code, and no number of a
 * typed array.
 */
export function plainFault(value: unknown, path: readonly string[] = []): PlainFault | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const fault = (what: string): PlainFault => ({ path, what });
  if (types.isProxy(value)) return fault('is a Proxy');
  if (path.length > deepest) return fault('lies too deep, or contains itself');
  if (ArrayBuffer.isView(value)) return bareArray(value) ? undefined : fault('is no plain array');
  const list = Array.isArray(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (list ? prototype !== Array.prototype : prototype !== Object.prototype && prototype !== null) {
    return fault(`is ${kindOf(value)}, no plain ${list ? 'list' : 'object'}`);
  }
  const keys = Reflect.ownKeys(value);
  if (list && keys.length !== value.length + 1) return fault('is a list with holes or fields');
  for (const [at, key] of keys.entries()) {
    if (list && key === 'length') continue;
    if (typeof key === 'symbol') return fault('has a field named by a symbol');
    if (list && key !== String(at)) return fault('is a list with holes or fields');
    // A schema leaves this name out, so that it would hide what it holds.
    if (key === '__proto__') return fault('has a field "__proto__"');
    const { enumerable, value: member, get, set } = Reflect.getOwnPropertyDescriptor(value, key)!;
    const inner = [...path, key];
    if (get || set) return { path: inner, what: 'is an accessor' };
    if (!enumerable) return { path: inner, what: 'is not enumerable' };
    const found = plainFault(member, inner);
    if (found) return found;
  }
  return undefined;
}

const look = { customInspect: false, showHidden: true, maxArrayLength: 0, depth: 0 } as const;
const arrayTypes = [Uint8Array, Int32Array, Float32Array];
const { get: bufferOf } = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype) as object,
  'buffer',
)!;

/**
 * Whether a typed array of a type that artefacts have holds its numbers and nothing else. Asking for its own keys
 * would make a text of every index; `inspect` lists the others alone, so that an array with any looks unlike a
 * fresh view of the same bytes.
 */
function bareArray(view: ArrayBufferView): boolean {
  const prototype: unknown = Object.getPrototypeOf(view);
  const type = arrayTypes.find((one) => one.prototype === prototype);
  if (!type) return false;
  const buffer = bufferOf!.call(view) as ArrayBuffer & { resizable?: boolean; growable?: boolean };
  if (buffer.resizable || buffer.growable) return false;
  try {
    const { byteOffset, length } = view as Uint8Array;
    return inspect(view, look) === inspect(new type(buffer, byteOffset, length), look);
  } catch {
    // Only a getter of its own throws.
    return false;
  }
}
