import { createHash } from 'node:crypto';

import { kindOf } from '../errors/thrown.js';

/**
 * JSON with sorted keys: equal values have equal text. Only plain data is allowed; `undefined` members are
 * left out; NaN, the infinities and −0 are told apart from other values.
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'number':
      if (Number.isFinite(value) && !Object.is(value, -0)) return JSON.stringify(value);
      return `{"$number":"${Object.is(value, -0) ? '-0' : value}"}`;
    case 'undefined':
      return '{"$undefined":true}';
    case 'object': {
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
      // A Map or a Date would have the text of an empty object, and so the key of every other one.
      const prototype: unknown = Object.getPrototypeOf(value);
      if (prototype !== Object.prototype && prototype !== null) {
        throw new TypeError(`${kindOf(value)} cannot be part of a cache key.`);
      }
      const members = Object.entries(value)
        .filter(([, member]) => member !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
      return `{${members.join(',')}}`;
    }
    default:
      throw new TypeError(`A ${typeof value} cannot be part of a cache key.`);
  }
}

/** SHA-256 of a value's canonical JSON, in hexadecimal. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}

/** SHA-256 in hexadecimal. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
