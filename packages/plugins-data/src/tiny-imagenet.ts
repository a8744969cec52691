import { defineStage, output, UserError } from '@privatesnn/core';
import { z } from 'zod';

import { archiveNeeds, archiveOptions, archiveSource, type Archive } from './archive-source.js';
import { mostPixels } from './decode-image.js';
import { fileTreeDigest, openFileTree, type FileTree } from './file-tree.js';
import { readLabelledFiles, takeTurns, type LabelledFile } from './labelled-files.js';
import { commonOptions } from './options.js';

const archive: Archive = {
  name: 'Tiny-ImageNet',
  id: 'tiny-imagenet',
  url: 'http://cs231n.stanford.edu/tiny-imagenet-200.zip',
  sha256: '6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821',
  megabytes: 240,
  variable: 'PRIVATESNN_TINY_IMAGENET',
  folder: 'the unpacked folder',
};
/** Images of the complete set. */
const complete = { train: 100_000, test: 10_000 };

const options = z.strictObject({
  ...commonOptions,
  split: commonOptions.split.describe(
    'Which part; "test" takes the validation images, since the original test images have no labels.',
  ),
  ...archiveOptions(archive),
});

/** Tiny-ImageNet: 64 × 64 colour photographs, 200 classes. */
export const tinyImagenet = defineStage({
  kind: 'dataset',
  id: 'tiny-imagenet',
  version: 3,
  summary: 'Tiny-ImageNet: 64 × 64 colour photographs, 200 classes (original zip or folder).',
  source: 'Stanford CS231N: Tiny ImageNet Challenge',
  options,
  inputs: {},
  outputs: { images: output('images', 'The images, [count, 64, 64, 3], bytes.') },
  dependencies: {},
  needs: (given) => archiveNeeds(archive, given),
  create: (_, { split, limit, shuffle, maxMegabytes, ...where }) => {
    const source = archiveSource(archive, where);
    return {
      fingerprint: (context) =>
        source.fingerprint(context, (path) => fileTreeDigest(path, maxMegabytes)),
      async run(context) {
        context.signal.throwIfAborted();
        return source.read(context, async (path) => {
          const tree = await openFileTree(path, maxMegabytes);
          try {
            const { files, classNames } = await listTinyImagenet(tree, split);
            context.info(`Tiny-ImageNet: ${files.length} ${split} images in ${path}.`);
            if (files.length < complete[split]) {
              context.warn(
                `This copy holds ${files.length} of the ${complete[split]} ${split} images.`,
              );
            }
            const images = await readLabelledFiles(
              tree,
              files,
              classNames,
              3,
              { limit, shuffle },
              { maxPixels: mostPixels, maxMegabytes },
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

/** The labelled pictures of a split that are there. The order of `wnids.txt` numbers the classes. */
async function listTinyImagenet(
  tree: FileTree,
  split: 'train' | 'test',
): Promise<{ readonly files: readonly LabelledFile[]; readonly classNames: readonly string[] }> {
  const wnidsFile = tree.names.find((name) => name === 'wnids.txt' || name.endsWith('/wnids.txt'));
  if (wnidsFile === undefined) {
    throw new UserError(
      'data',
      'DATASET_FILE_MISSING',
      `${tree.path} holds no wnids.txt, so it is not Tiny-ImageNet in its original layout.`,
      { hint: 'Give tiny-imagenet-200.zip or its unpacked folder.', place: { file: tree.path } },
    );
  }
  const root = wnidsFile.slice(0, -'wnids.txt'.length);
  const wnids = await lines(tree, wnidsFile);
  const labelOf = new Map(wnids.map((wnid, label) => [wnid, label]));
  const files =
    split === 'train' ? trainFiles(tree, root, labelOf) : await valFiles(tree, root, labelOf);
  return { files, classNames: await classNames(tree, root, wnids) };
}

function trainFiles(tree: FileTree, root: string, labelOf: ReadonlyMap<string, number>) {
  const files: LabelledFile[] = [];
  for (const name of tree.names) {
    if (!name.startsWith(`${root}train/`)) continue;
    const [wnid = '', folder, picture] = name.slice(root.length + 'train/'.length).split('/');
    const label = labelOf.get(wnid);
    if (label !== undefined && folder === 'images' && picture) files.push({ name, label });
  }
  return takeTurns(files);
}

async function valFiles(tree: FileTree, root: string, labelOf: ReadonlyMap<string, number>) {
  const there = new Set(tree.names);
  const annotations = `${root}val/val_annotations.txt`;
  const files: LabelledFile[] = [];
  for (const [i, line] of (await lines(tree, annotations)).entries()) {
    const [picture = '', wnid = ''] = line.split('\t');
    const label = labelOf.get(wnid);
    if (label === undefined) {
      const file = `${tree.path}/${annotations}`;
      throw new UserError(
        'data',
        'DATASET_LABEL_RANGE',
        `Line ${i + 1} of ${file} names the class "${wnid}", which wnids.txt does not list.`,
        { hint: 'The file is damaged.', place: { file, line: i + 1 } },
      );
    }
    const name = `${root}val/images/${picture}`;
    if (there.has(name)) files.push({ name, label });
  }
  return files;
}

/** The first synonym of each class in words.txt; the class's number in WordNet where it is not listed. */
async function classNames(tree: FileTree, root: string, wnids: readonly string[]) {
  const file = `${root}words.txt`;
  if (!tree.names.includes(file)) return wnids;
  const words = new Map(
    (await lines(tree, file)).map((line) => {
      const [wnid = '', synonyms = ''] = line.split('\t');
      return [wnid, synonyms.split(',')[0]!.trim()];
    }),
  );
  return wnids.map((wnid) => words.get(wnid) ?? wnid);
}

async function lines(tree: FileTree, name: string): Promise<string[]> {
  const text = Buffer.from(await tree.read(name)).toString('utf8');
  return text.split(/\r?\n/).filter((line) => line.trim() !== '');
}
