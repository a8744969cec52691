import type { Sink } from './container.js';

/**
 * Cuts a stream of bytes into records of equal size.
 *
 * @param onRecord gets each record's number in the stream and its bytes, which are valid during the call only
 */
export function recordSink(
  recordBytes: number,
  onRecord: (index: number, record: Uint8Array) => void,
): Sink {
  const carry = new Uint8Array(recordBytes);
  let carried = 0;
  let index = 0;
  return (chunk) => {
    let at = 0;
    if (carried > 0) {
      at = Math.min(recordBytes - carried, chunk.length);
      carry.set(chunk.subarray(0, at), carried);
      carried += at;
      if (carried < recordBytes) return;
      onRecord(index++, carry);
      carried = 0;
    }
    for (; at + recordBytes <= chunk.length; at += recordBytes) {
      onRecord(index++, chunk.subarray(at, at + recordBytes));
    }
    carry.set(chunk.subarray(at));
    carried = chunk.length - at;
  };
}
