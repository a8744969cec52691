import { defineStage, output, UserError, type StageContext } from '@privatesnn/core';
import { z } from 'zod';

import { fileTreeDigest, openFileTree, type FileTree } from './file-tree.js';
import { readLabelledFiles, takeTurns, type LabelledFile } from './labelled-files.js';
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
    .nullable()
    .default(null)
    .describe('Names of the class folders, in the order of the classes; null takes all, by name.'),
});

/** Labelled pictures of the user's own. */
export const imageFolder = defineStage({
  kind: 'dataset',
  id: 'image-folder',
  version: 2,
  summary: 'PNG or JPEG pictures of one size, one subfolder for each class.',
  source: 'This project; one folder a class, as ImageNet is unpacked',
  options,
  inputs: {},
  outputs: { images: output('images', 'The pictures, [count, height, width, channels], bytes.') },
  dependencies: {},
  check: ({ path }) =>
    path === null
      ? [
          new UserError(
            'configuration',
            'DATASET_PATH',
            'it needs the option "path", but none was given.',
            { hint: 'Name a folder with one subfolder of pictures for each class.' },
          ),
        ]
      : [],
  create: (_, { path, limit, shuffle, channels, classNames }) => {
    const find = (context: Pick<StageContext, 'resolvePath'>): OwnCopy => ({
      path: context.resolvePath(path!),
      variable: null,
    });
    return {
      fingerprint: async (context) => inOwnCopy(find(context), fileTreeDigest),
      async run(context) {
        context.signal.throwIfAborted();
        return inOwnCopy(find(context), async (folder) => {
          const tree = await openFileTree(folder);
          try {
            const listed = listClasses(tree, classNames);
            context.info(
              `${listed.files.length} pictures of ${listed.classNames.length} classes in ${tree.path}.`,
            );
            const images = await readLabelledFiles(
              tree,
              listed.files,
              listed.classNames,
              channels,
              { limit, shuffle },
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

/** Pictures by class: the class is the folder that a picture lies in. */
function listClasses(
  tree: FileTree,
  wanted: readonly string[] | null,
): { readonly files: LabelledFile[]; readonly classNames: readonly string[] } {
  const pictures = tree.names.flatMap((name) => {
    const folder = name.split('/').at(-2);
    return /\.(png|jpe?g)$/i.test(name) && folder !== undefined ? [{ name, folder }] : [];
  });
  const found = [...new Set(pictures.map(({ folder }) => folder))].sort();
  const classNames = wanted ?? found;
  const absent = classNames.filter((name) => !found.includes(name));
  if (found.length === 0 || absent.length > 0) {
    throw new UserError(
      'data',
      'DATASET_FILE_MISSING',
      found.length === 0
        ? `${tree.path} holds no subfolders with PNG or JPEG pictures.`
        : `${tree.path} has no pictures for ${absent.join(', ')}; it has the classes ${found.join(', ')}.`,
      { hint: 'Give the folder above the class folders.', place: { file: tree.path } },
    );
  }
  const labelOf = new Map(classNames.map((name, label) => [name, label]));
  const files = pictures.flatMap(({ name, folder }) => {
    const label = labelOf.get(folder);
    return label === undefined ? [] : [{ name, label }];
  });
  return { files: takeTurns(files), classNames };
}
