import { UserError } from '@privatesnn/core';

/** A decoded picture. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  /** [height, width, channels], row-major. */
  readonly pixels: Uint8Array;
}

/**
 * Decodes a JPEG or PNG, told by its first bytes. Grey pictures become RGB, and colours become grey (luma of
 * ITU-R BT.601), as `channels` wants it; transparency is dropped.
 *
 * @param file its name, for messages
 */
export async function decodeImage(
  bytes: Uint8Array,
  channels: 1 | 3,
  file: string,
): Promise<Picture> {
  const decode = decoderOf(bytes);
  if (!decode) {
    throw new UserError('data', 'IMAGE_FORMAT', `${file} is neither a JPEG nor a PNG picture.`, {
      hint: 'Remove the file, or convert it to JPEG or PNG.',
      place: { file },
    });
  }
  const { height, width, rgba } = await decode(bytes).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UserError(
      'data',
      'IMAGE_CORRUPT',
      `${file} (${bytes.length} bytes) cannot be decoded: ${reason}.`,
      { hint: 'The picture is truncated or damaged; fetch it again.', place: { file }, cause },
    );
  });
  const pixels = new Uint8Array(height * width * channels);
  for (let p = 0; p < height * width; p++) {
    const [r, g, b] = [rgba[4 * p]!, rgba[4 * p + 1]!, rgba[4 * p + 2]!];
    if (channels === 1) pixels[p] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    else pixels.set([r, g, b], 3 * p);
  }
  return { height, width, pixels };
}

interface Decoded {
  readonly height: number;
  readonly width: number;
  readonly rgba: Uint8Array;
}

function decoderOf(bytes: Uint8Array): ((bytes: Uint8Array) => Promise<Decoded>) | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg;
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng;
  return undefined;
}

async function decodeJpeg(bytes: Uint8Array): Promise<Decoded> {
  const { decode } = await import('jpeg-js');
  const { height, width, data } = decode(bytes, { useTArray: true, tolerantDecoding: false });
  return { height, width, rgba: data };
}

async function decodePng(bytes: Uint8Array): Promise<Decoded> {
  const { PNG } = await import('pngjs');
  const { height, width, data } = PNG.sync.read(Buffer.from(bytes));
  return { height, width, rgba: data };
}
