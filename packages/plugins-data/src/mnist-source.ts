import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { headOf, UserError, wrongFile, type StageContext } from '@privatesnn/core';

import { datasetCache } from './cache-folder.js';
import { exists } from './files.js';
import { inOwnCopy, ownCopy, type OwnCopy } from './own-copy.js';

export type MnistSplit = 'train' | 'test';
export type MnistSourceOption = 'auto' | 'files' | 'download' | 'embedded';

/** The folder that the images come from, and how it was chosen. */
export interface MnistSource {
  readonly kind: 'files' | 'download' | 'embedded';
  readonly folder: string;
  /** The user's copy, where it is one. */
  readonly own?: OwnCopy;
  /** For people. */
  readonly description: string;
}

/** Names of the two files of a split: images, labels. */
export const mnistFiles: Readonly<Record<MnistSplit, readonly [string, string]>> = {
  train: ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'],
  test: ['t10k-images-idx3-ubyte', 't10k-labels-idx1-ubyte'],
};

export const mnistVariable = 'PRIVATESNN_MNIST';
const embedded = fileURLToPath(new URL('../data/mnist-subset/', import.meta.url));

/**
 * Decides where MNIST comes from. `auto`: the path of the options, else the environment variable, else an
 * earlier download, else the subset that ships with this package.
 */
export async function mnistSource(
  option: MnistSourceOption,
  split: MnistSplit,
  path: string | null,
  context: Pick<StageContext, 'resolvePath'>,
): Promise<MnistSource> {
  const own = ownCopy(path, mnistVariable, context);
  if (option === 'files' || (option === 'auto' && own)) {
    if (!own) {
      throw new UserError(
        'data',
        'DATASET_PATH',
        'The mnist stage has "source: files", but neither its option "path" nor the environment variable ' +
          `${mnistVariable} names a folder.`,
        { hint: 'Name the folder with the IDX files, or use "source: auto".' },
      );
    }
    const origin = own.variable === null ? 'the folder of "path"' : `the folder of ${own.variable}`;
    return { kind: 'files', folder: own.path, own, description: `${origin}: ${own.path}` };
  }
  const cache = datasetCache('mnist');
  const cached = await Promise.all(
    mnistFiles[split].map((name) => exists(join(cache, `${name}.gz`))),
  );
  if (option === 'download' || (option === 'auto' && cached.every(Boolean))) {
    return { kind: 'download', folder: cache, description: `the download in ${cache}` };
  }
  return { kind: 'embedded', folder: embedded, description: 'the embedded subset' };
}

/** Works on the folder of a source; errors about a copy of the user's tell who named it. */
export function inMnistFolder<T>({ own }: MnistSource, work: () => Promise<T>): Promise<T> {
  return own ? inOwnCopy(own, work) : work();
}

/** Finds one IDX file: packed or not, with a dash or a dot in its name. */
export async function findIdxFile(folder: string, name: string): Promise<string> {
  const dotted = name.replace(/-(idx\d)/, '.$1');
  const candidates = [`${name}.gz`, name, `${dotted}.gz`, dotted].map((file) => join(folder, file));
  for (const candidate of candidates) if (await exists(candidate)) return candidate;
  if (statSync(folder, { throwIfNoEntry: false })?.isFile()) {
    const hint = `Give the folder that it lies in: ${dirname(folder)}.`;
    throw wrongFile({
      code: 'DATASET_FILE_MISSING',
      file: folder,
      head: headOf(folder),
      expected: 'the folder with the four IDX files of MNIST',
      kinds: [],
      problem: 'it is a file',
      ways: { gzip: hint, idx: hint },
      hint,
    });
  }
  throw new UserError(
    'data',
    'DATASET_FILE_MISSING',
    `The folder ${folder} holds neither ${name}.gz nor ${name}.`,
    {
      hint: 'Give the folder with the four IDX files of MNIST, or use "source: embedded".',
      place: { file: folder },
    },
  );
}
