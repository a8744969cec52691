import { defineStage, output, UserError, type StageContext } from '@privatesnn/core';
import { z } from 'zod';

import { listClassFolders, type ClassFolders } from './class-folders.js';
import { mostPixels } from './decode-image.js';
import { fileTreeDigest, openFileTree } from './file-tree.js';
import { readLabelledFiles } from './labelled-files.js';
import { commonOptions, pathOption } from './options.js';
import { inOwnCopy, type OwnCopy } from './own-copy.js';

const options = z.strictObject({
  path: pathOption('Folder (or zip) with one subfolder of PNG or JPEG pictures for each class'),
  limit: commonOptions.limit,
  shuffle: commonOptions.shuffle,
  channels: z
    .union([z.literal(1), z.literal(3)])
    .default(3)
    .describe('3 for colour (grey pictures become RGB), 1 for grey (colours become luma).'),
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
  version: 3,
  summary: 'PNG or JPEG pictures of one size, one subfolder for each class.',
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
  create: (_, { path, limit, shuffle, channels, classNames, maxPixels, maxMegabytes }) => {
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
              { maxPixels, maxMegabytes },
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
  if (leftOut.length > 0) context.warn(`Left out of ${path}: ${leftOut.join('; ')}.`);
}
