import { UserError, type Images, type StageContext } from '@privatesnn/core';

import { chooseImages, type Choice } from './choose-images.js';
import { decodeImage, pictureFormat, type Colour, type PictureLimits } from './decode-image.js';
import type { FileTree } from './file-tree.js';
import { fitPicture, type Fit } from './fit-picture.js';
import { assertFits } from './memory.js';
import { compareNaturally } from './natural-order.js';

/** A picture file and its class. */
export interface LabelledFile {
  readonly name: string;
  readonly label: number;
}

/**
 * Puts files in turns: the first of each class, the second of each class, … so that the first ones of the list
 * hold all classes. Within a class the order is by name, with numbers by value.
 */
export function takeTurns(files: readonly LabelledFile[]): LabelledFile[] {
  const sorted = [...files].sort((a, b) => a.label - b.label || compareNaturally(a.name, b.name));
  const seen = new Map<number, number>();
  return sorted
    .map((file) => {
      const turn = seen.get(file.label) ?? 0;
      seen.set(file.label, turn + 1);
      return { file, turn };
    })
    .sort((a, b) => a.turn - b.turn || a.file.label - b.file.label)
    .map(({ file }) => file);
}

/** How pictures become numbers. */
export interface PictureReading extends PictureLimits {
  /** The size that they are brought to; left out where all must have one. */
  readonly fit?: Fit | undefined;
  /** The colour under transparent pixels; left out where what lies under them counts. */
  readonly background?: Colour | null;
}

/**
 * Reads and decodes the wanted pictures, one at a time, so that the memory holds no other picture as it was.
 *
 * @throws UserError where a picture is damaged, or of another size than the first, or all take too much memory
 */
export async function readLabelledFiles(
  tree: FileTree,
  files: readonly LabelledFile[],
  classNames: readonly string[],
  channels: 1 | 3,
  choice: Choice,
  reading: PictureReading,
  context: StageContext,
): Promise<Images> {
  const labels = files.map(({ label }) => label);
  const chosen = chooseImages(labels, classNames.length, choice, context.random('sample'));
  const { fit, background = null } = reading;
  let pixels = new Uint8Array(0);
  let height = 0;
  let width = 0;
  let transparent = 0;
  for (const [place, index] of chosen.entries()) {
    context.signal.throwIfAborted();
    const { name } = files[index]!;
    const file = `${tree.path}/${name}`;
    const bytes = await tree.read(name, (head) => void pictureFormat(head, file));
    const decoded = await decodeImage(bytes, channels, file, reading, background);
    const picture = fit ? await fitPicture(decoded, fit) : decoded;
    if (picture.transparent) transparent++;
    if (place === 0) {
      ({ height, width } = picture);
      const bytes = chosen.length * height * width * channels;
      const what = `${chosen.length} pictures of ${height} × ${width} × ${channels}`;
      assertFits({ bytes, what, file: tree.path, maxMegabytes: reading.maxMegabytes });
      pixels = new Uint8Array(bytes);
    }
    if (picture.height !== height || picture.width !== width) {
      throw new UserError(
        'data',
        'IMAGE_SIZE',
        `All pictures must have one size; ${file} has ${picture.height} × ${picture.width} pixels, ` +
          `the first one has ${height} × ${width}.`,
        {
          hint: 'Give "size", to which they are brought, where the stage has it; else scale them to one size first.',
          place: { file },
        },
      );
    }
    pixels.set(picture.pixels, place * picture.pixels.length);
    if (place % 100 === 99 || place === chosen.length - 1) {
      context.progress(place + 1, chosen.length, 'pictures decoded');
    }
  }
  if (transparent > 0) {
    context.warn(
      `${transparent} of ${chosen.length} pictures are transparent in places; ` +
        (background
          ? `${background.join(', ')} is put under them.`
          : 'the colours that lie under it count.'),
    );
  }
  return {
    type: 'images',
    shape: [chosen.length, height, width, channels],
    pixels,
    range: [0, 255],
    labels: Int32Array.from(chosen, (i) => labels[i]!),
    classNames,
    origin: 'real',
  };
}
