import { basename } from 'node:path';

import { defineStage, output, UserError, type StageContext } from '@privatesnn/core';
import { z } from 'zod';

import { listClassFolders, type ClassFolders } from './class-folders.js';
import { luma, mostPixels, type Colour } from './decode-image.js';
import { fileTreeDigest, openFileTree } from './file-tree.js';
import type { Fit } from './fit-picture.js';
import { readLabelledFiles } from './labelled-files.js';
import { commonOptions, pathOption } from './options.js';
import { inOwnCopy, type OwnCopy } from './own-copy.js';

const side = z.int().min(1).max(4096);
const level = z.int().min(0).max(255);

const options = z.strictObject({
  path: pathOption('Folder (or zip) with one subfolder of pictures for each class'),
  limit: commonOptions.limit,
  shuffle: commonOptions.shuffle,
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('3 for colour (grey pictures become RGB), 1 for grey (colours become luma).'),
  size: z
    .union([side, z.tuple([side, side])])
    .nullable()
    .default(null)
    .describe(
      'Height and width that pictures are brought to, or one number for both; null takes them as they are, all of one size.',
    ),
  fit: z
    .enum(['crop', 'pad', 'stretch'])
    .default('crop')
    .describe(
      'How pictures come to "size": crop scales until the size is covered, and takes the middle; pad scales until all lies within; stretch scales height and width by themselves.',
    ),
  background: z
    .tuple([level, level, level])
    .nullable()
    .default(null)
    .describe(
      'Red, green and blue, 0 to 255, under transparent pixels and around padded pictures; null drops transparency (what lies under it counts) and pads with black.',
    ),
  classNames: z
    .array(z.string())
    .min(2)
    .nullable()
    .default(null)
    .describe(
      'Names of the class folders, in the order of the classes; null takes all, by name, numbers by value.',
    ),
  maxPixels: z
    .int()
    .min(1)
    .default(mostPixels)
    .describe('How many pixels a picture may have; one that claims more is not decoded.'),
  maxMegabytes: commonOptions.maxMegabytes,
});

/** Labelled pictures of the user's own. */
export const imageFolder = defineStage({
  kind: 'dataset',
  id: 'image-folder',
  version: 4,
  summary: 'Pictures of any size and format, one subfolder for each class.',
  source: 'This project; one folder a class, as ImageNet is unpacked',
  options,
  inputs: {},
  outputs: { images: output('images', 'The pictures, [count, height, width, channels], bytes.') },
  dependencies: {},
  needs: ({ path }) => (path === null ? [] : [{ what: 'image-folder', path }]),
  check: ({ path, classNames }) => [
    ...(path === null
      ? [
          new UserError(
            'configuration',
            'DATASET_PATH',
            'it needs the option "path", but none was given.',
            { hint: 'Name a folder with one subfolder of pictures for each class.' },
          ),
        ]
      : []),
    ...(classNames?.some((name, i) => classNames.indexOf(name) !== i)
      ? [
          new UserError(
            'configuration',
            'DATASET_CLASS_NAMES',
            '"classNames" names a class twice.',
            { hint: 'Name each class once, in the order of the classes.', option: 'classNames' },
          ),
        ]
      : []),
  ],
  create: (
    _,
    { path, limit, shuffle, channels, size, fit, background, classNames, maxPixels, maxMegabytes },
  ) => {
    const reading = {
      maxPixels,
      maxMegabytes,
      background,
      fit: fitOf(size, fit, background, channels),
    };
    const find = (context: Pick<StageContext, 'resolvePath'>): OwnCopy => ({
      path: context.resolvePath(path!),
      variable: null,
    });
    return {
      fingerprint: (context) =>
        inOwnCopy(find(context), (folder) => fileTreeDigest(folder, maxMegabytes)),
      async run(context) {
        context.signal.throwIfAborted();
        return inOwnCopy(find(context), async (folder) => {
          const tree = await openFileTree(folder, maxMegabytes);
          try {
            const listed = listClassFolders(tree, classNames);
            tell(listed, tree.path, context);
            const images = await readLabelledFiles(
              tree,
              listed.files,
              listed.classNames,
              channels,
              { limit, shuffle },
              reading,
              context,
            );
            return { images };
          } finally {
            tree.close();
          }
        });
      },
    };
  },
});

function fitOf(
  size: number | readonly [number, number] | null,
  mode: Fit['mode'],
  background: Colour | null,
  channels: 1 | 3,
): Fit | undefined {
  if (size === null) return undefined;
  const [height, width] = typeof size === 'number' ? [size, size] : size;
  const colour = background ?? ([0, 0, 0] as const);
  const grey = luma(...colour);
  return { height, width, mode, background: channels === 1 ? [grey, grey, grey] : colour };
}

/** Classes that are printed; the event "classes" has all. */
const mostPrinted = 40;

function tell(
  { files, classNames, counts, leftOut }: ClassFolders,
  path: string,
  context: StageContext,
): void {
  const map = classNames.map((name, label) => `${label} = ${name} (${counts[label]})`);
  const more = map.length > mostPrinted ? `, … ${map.at(-1)}` : '';
  context.info(
    `${files.length} pictures of ${classNames.length} classes in ${path}: ${map.slice(0, mostPrinted).join(', ')}${more}.`,
  );
  context.record('classes', { classNames, counts });
  if (leftOut.length > 0) context.warn(`Left out of ${basename(path)}: ${leftOut.join('; ')}.`);
}
