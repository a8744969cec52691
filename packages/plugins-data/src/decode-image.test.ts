import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it, test } from 'vitest';

import { UserError } from '@privatesnn/core';

import { decodeImage, mostPixels } from './decode-image.js';

const folder = join(import.meta.dirname, 'testing/pictures');
const read = (name: string) => readFileSync(join(folder, name));
interface Expected {
  readonly height: number;
  readonly width: number;
  readonly rgb: string;
}
const samples = Object.entries(
  JSON.parse(read('expected.json').toString()) as Record<string, Expected>,
);
const limits = { maxPixels: mostPixels, maxMegabytes: 2048 };

test.each(samples)('%s has the pixels of libjpeg-turbo and libpng', async (name, expected) => {
  const { height, width } = expected;
  const rgb = new Uint8Array(Buffer.from(expected.rgb, 'base64'));
  const picture = await decodeImage(read(name), 3, name, limits);
  const transparent = /alpha|rgba|key/.test(name);
  expect(picture).toEqual({ height, width, pixels: rgb, transparent });
  const luma = Uint8Array.from({ length: height * width }, (_, p) => {
    const [r, g, b] = rgb.subarray(3 * p) as unknown as [number, number, number];
    return Math.floor((19595 * r + 38470 * g + 7471 * b) / 65536 + 0.5);
  });
  expect((await decodeImage(read(name), 1, name, limits)).pixels).toEqual(luma);
});

/** A PNG with another size in its header, checksum included. */
function resized(height: number, width: number): Buffer {
  const png = Buffer.from(read('rgb-8.png'));
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

/** A JPEG with another size in its frame. */
function resizedJpeg(name: string, height: number, width: number): Buffer {
  const jpeg = Buffer.from(read(name));
  const frame = Math.max(jpeg.indexOf('ffc0', 0, 'hex'), jpeg.indexOf('ffc2', 0, 'hex'));
  jpeg.writeUInt16BE(height, frame + 5);
  jpeg.writeUInt16BE(width, frame + 7);
  return jpeg;
}

describe('a picture that cannot be taken', () => {
  it.each([
    [
      'claims more than its bytes can hold',
      resized(65_000, 65_000),
      /holds \d+ bytes, but claims 65000 × 65000/,
    ],
    ['claims so as a JPEG', resizedJpeg('420.jpg', 65_000, 65_000), /but claims 65000 × 65000/],
    [
      'claims so, progressive',
      resizedJpeg('progressive.jpg', 9000, 5000),
      /but claims 9000 × 5000/,
    ],
    ['has no rows', resized(0, 5), /is not a whole PNG picture/],
    [
      'is cut',
      read('rgb-16.png').subarray(0, 200),
      /PNG picture: it ends after 200 bytes, too early\.$/,
    ],
    ['is cut as a JPEG', read('420.jpg').subarray(0, 800), /JPEG picture: it ends after 800 bytes/],
    ['ends after its signature', read('rgb-8.png').subarray(0, 8), /ends after 8 bytes/],
    [
      'is of another format',
      Buffer.from('BM\x01\0\0\0\0\0\0\0', 'latin1'),
      /is a BMP picture, not a PNG, JPEG, WebP/,
    ],
    ['is a web page', Buffer.from('<html></html>'), /is a web page, not a PNG, JPEG/],
    ['is a drawing', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), /text file/],
    ['is empty', Buffer.alloc(0), /is an empty file, not a PNG/],
  ])('%s', async (_, bytes, message) => {
    const error: unknown = await decodeImage(bytes, 3, 'x', limits).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).message).toMatch(message);
    // The words of the libraries help nobody.
    expect(String((error as UserError).cause ?? '')).toBe('');
  });

  it('is larger than the limits', async () => {
    const bytes = read('rgb-8.png');
    await expect(decodeImage(bytes, 3, 'x', { ...limits, maxPixels: 220 })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
      message: 'x claims 13 × 17 pixels; at most 220 are decoded.',
    });
    await expect(decodeImage(bytes, 3, 'x', { ...limits, maxPixels: 221 })).resolves.toBeDefined();
  });

  it('fails with a UserError wherever it was cut or damaged, or is decoded', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...samples.map(([name]) => read(name))),
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
        async (picture, cut, damage) => {
          const bytes = Uint8Array.from(picture.subarray(0, 1 + (cut % picture.length)));
          for (const [at, value] of damage) bytes[at % bytes.length] = value;
          const error: unknown = await decodeImage(bytes, 3, 'x', limits).then(
            () => undefined,
            (thrown: unknown) => thrown,
          );
          if (error !== undefined) expect(error).toBeInstanceOf(UserError);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('other formats', () => {
  const pixels = Uint8Array.from({ length: 6 * 9 * 3 }, (_, i) => (i * 37) % 256);
  const picture = () => sharp(pixels, { raw: { height: 6, width: 9, channels: 3 } });
  const decoded = (bytes: Buffer, channels: 1 | 3 = 3) => decodeImage(bytes, channels, 'x', limits);

  it.each([
    ['webp', () => picture().webp({ lossless: true }).toBuffer()],
    ['tiff', () => picture().tiff({ compression: 'lzw' }).toBuffer()],
    ['gif', () => picture().gif({ effort: 1, dither: 0, colours: 256 }).toBuffer()],
    ['avif', () => picture().avif({ lossless: true, chromaSubsampling: '4:4:4' }).toBuffer()],
  ] as const)('%s has its pixels, and is refused where it is cut', async (format, make) => {
    const bytes = await make();
    const found = await decoded(bytes);
    expect([found.height, found.width, found.pixels.length]).toEqual([6, 9, pixels.length]);
    const difference = found.pixels.map((value, i) => Math.abs(value - pixels[i]!));
    expect(Math.max(...difference)).toBeLessThanOrEqual(
      { avif: 4, gif: 2, tiff: 0, webp: 0 }[format],
    );
    await expect(decoded(bytes.subarray(0, 40))).rejects.toBeInstanceOf(UserError);
    await expect(decodeImage(bytes, 3, 'x', { ...limits, maxPixels: 53 })).rejects.toMatchObject({
      code: 'IMAGE_TOO_LARGE',
    });
  });

  it('of 16 bits, grey or with floats: scaled, or refused', async () => {
    const deep = picture().toColourspace('rgb16');
    const found = await decoded(await deep.tiff({ compression: 'none' }).toBuffer());
    // The encoder rounds on its way to 16 bits.
    found.pixels.forEach((value, i) => expect(Math.abs(value - pixels[i]!)).toBeLessThanOrEqual(1));
    const grey = await picture().toColourspace('b-w').tiff().toBuffer();
    const rgb = await decoded(grey);
    expect((await decoded(grey, 1)).pixels).toEqual(rgb.pixels.filter((_, i) => i % 3 === 0));
    const raw = { height: 2, width: 2, channels: 3 } as const;
    const floats = await sharp(new Float32Array(12).fill(0.5), { raw })
      .toColourspace('scrgb')
      .tiff({ compression: 'none' })
      .toBuffer();
    await expect(decoded(floats)).rejects.toThrow(/samples of the type float/);
  });

  it('mixes transparent pixels with a background', async () => {
    const rgba = Uint8Array.of(200, 100, 0, 255, 200, 100, 0, 0, 200, 100, 0, 51);
    const bytes = await sharp(rgba, { raw: { height: 1, width: 3, channels: 4 } })
      .png()
      .toBuffer();
    const over = await decodeImage(bytes, 3, 'x', limits, [0, 50, 255]);
    expect([...over.pixels]).toEqual([200, 100, 0, 0, 50, 255, 40, 60, 204]);
    expect(over.transparent).toBe(true);
    const dropped = await decodeImage(bytes, 3, 'x', limits);
    expect([...dropped.pixels]).toEqual([200, 100, 0, 200, 100, 0, 200, 100, 0]);
  });
});
