import { decode, encode } from '../cache/codec.js';

/** Plain data as text: unlike JSON, with NaN, −0 and typed arrays. */
export function packed(value: unknown): string {
  return Buffer.concat(encode(value).chunks).toString('base64');
}

/** @throws Error where the text is none of `packed` */
export function unpacked(text: string): unknown {
  return decode(Buffer.from(text, 'base64'));
}
