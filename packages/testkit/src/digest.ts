import { createHash, type Hash } from 'node:crypto';

/** SHA-256 of plain data and typed arrays: equal for equal content, whatever the order of the keys. */
export function digestOf(value: unknown): string {
  const hash = createHash('sha256');
  addTo(hash, value);
  return hash.digest('hex');
}

function addTo(hash: Hash, value: unknown): void {
  if (ArrayBuffer.isView(value)) {
    hash.update(`${value.constructor.name}:${value.byteLength};`);
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  } else if (Array.isArray(value)) {
    hash.update(`[${value.length};`);
    for (const item of value) addTo(hash, item);
  } else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    hash.update(`{${entries.length};`);
    for (const [key, item] of entries.sort(([a], [b]) => (a < b ? -1 : 1))) {
      hash.update(`${JSON.stringify(key)}:`);
      addTo(hash, item);
    }
  } else {
    hash.update(`${typeof value}:${String(value)};`);
  }
}
