import { deflateRatio } from './files.js';

/** Pixels of a block, which a JPEG that is coded by Huffman's method gives one bit at least. */
const blockPixels = 64;

/**
 * The fewest bytes in which a picture of that size can be stored, so that one which claims more than its file can hold
 * is known before it is decoded. 0 where nothing is known.
 */
export function fewestBytes(
  bytes: Uint8Array,
  format: string,
  height: number,
  width: number,
): number {
  if (format === 'jpeg') {
    return isArithmetic(bytes) ? 0 : Math.ceil((height * width) / (8 * blockPixels));
  }
  if (format !== 'png') return 0;
  const rowBytes = 1 + Math.ceil((width * pngBits(bytes)) / 8);
  return Math.ceil((height * rowBytes) / deflateRatio);
}

/** Bits of a pixel, by depth and colour type of the header. */
function pngBits(bytes: Uint8Array): number {
  const samples = [1, 0, 3, 1, 2, 0, 4][bytes[25] ?? 0] ?? 1;
  return Math.max(1, (bytes[24] ?? 1) * samples);
}

/** Whether a JPEG is coded arithmetically, which has no least size: told by the marker of its frame. */
function isArithmetic(bytes: Uint8Array): boolean {
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return marker > 0xc8;
    at += 2 + 256 * bytes[at + 2]! + bytes[at + 3]!;
  }
  return false;
}
