import { basename } from 'node:path';

import {
  defineStage,
  filesDigest,
  output,
  UserError,
  type Images,
  type StageContext,
} from '@privatesnn/core';
import { z } from 'zod';

import { chooseImages, type Choice } from './choose-images.js';
import { readIdx } from './idx.js';
import { assertFits } from './memory.js';
import { downloadMnist, mnistDownloadDigest } from './mnist-download.js';
import {
  findIdxFile,
  inMnistFolder,
  mnistFiles,
  mnistSource,
  mnistVariable,
  type MnistSource,
  type MnistSplit,
} from './mnist-source.js';
import { commonOptions, pathOption } from './options.js';
import { recordSink } from './records.js';

const options = z.strictObject({
  ...commonOptions,
  source: z
    .enum(['auto', 'files', 'download', 'embedded'])
    .default('auto')
    .describe(
      `Where the images come from. auto: "path", else the folder of ${mnistVariable}, else an earlier download, ` +
        'else the embedded subset (4,000 training and 1,000 test images).',
    ),
  path: pathOption('Folder with the IDX files, packed with gzip or not'),
});

const classNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** MNIST: handwritten digits, 28 × 28 grey pixels, 10 classes. */
export const mnist = defineStage({
  kind: 'dataset',
  id: 'mnist',
  version: 2,
  summary: 'MNIST: handwritten digits, 28 × 28 grey, 10 classes; a subset is embedded.',
  source: 'LeCun, Cortes, Burges: The MNIST database of handwritten digits',
  options,
  inputs: {},
  outputs: { images: output('images', 'The digits, [count, 28, 28, 1], bytes.') },
  dependencies: {},
  needs({ source, path }) {
    if (source === 'embedded') return [];
    if (source === 'download') return [{ what: 'mnist' }];
    return [path === null ? { what: 'mnist', variable: mnistVariable } : { what: 'mnist', path }];
  },
  create: (_, { split, limit, shuffle, maxMegabytes, source, path }) => {
    const find = (context: Pick<StageContext, 'resolvePath'>) =>
      mnistSource(source, split, path, context);
    return {
      async fingerprint(context) {
        const found = await find(context);
        if (found.kind === 'download') return mnistDownloadDigest(split);
        return inMnistFolder(found, async () => {
          const files = await findFiles(found, split);
          return filesDigest(
            found.folder,
            files.map((file) => basename(file)),
          );
        });
      },
      async run(context) {
        context.signal.throwIfAborted();
        const found = await find(context);
        if (found.kind === 'download') await downloadMnist(found.folder, split, context.signal);
        const { images, available } = await inMnistFolder(found, async () =>
          readMnist(await findFiles(found, split), { limit, shuffle }, maxMegabytes, context),
        );
        context.info(
          `MNIST: ${images.shape[0]} of ${available} ${split} images from ${found.description}.`,
        );
        if (limit !== null && limit > available) {
          context.warn(`${limit} images were asked for; there are ${available}.`);
        }
        return { images };
      },
    };
  },
});

async function findFiles(source: MnistSource, split: MnistSplit): Promise<[string, string]> {
  const [images, labels] = mnistFiles[split];
  return [await findIdxFile(source.folder, images), await findIdxFile(source.folder, labels)];
}

/** Reads the labels, then the wanted images, and checks that the two files belong together. */
async function readMnist(
  [imagesFile, labelsFile]: readonly [string, string],
  choice: Choice,
  maxMegabytes: number,
  context: StageContext,
): Promise<{ readonly images: Images; readonly available: number }> {
  const labels = await readLabels(labelsFile, maxMegabytes, context.signal);
  const chosen = chooseImages(labels, classNames.length, choice, context.random('sample'));
  const places = new Map(Array.from(chosen, (from, to) => [from, to] as const));
  let pixels = new Uint8Array(0);
  let [height, width] = [0, 0];
  const open = (dimensions: readonly number[]) => {
    const [count = 0] = dimensions;
    [, height = 0, width = 0] = dimensions;
    if (count !== labels.length) throw wrongCount(imagesFile, count, labelsFile, labels.length);
    if (height * width === 0) throw empty(imagesFile);
    const size = height * width;
    const bytes = chosen.length * size;
    const what = `${chosen.length} images of ${height} × ${width}`;
    assertFits({ bytes, what, file: imagesFile, maxMegabytes });
    pixels = new Uint8Array(bytes);
    return recordSink(size, (index, record) => {
      const place = places.get(index);
      if (place !== undefined) pixels.set(record, place * size);
    });
  };
  await readIdx(imagesFile, 3, open, context.signal);
  const images: Images = {
    type: 'images',
    shape: [chosen.length, height, width, 1],
    pixels,
    range: [0, 255],
    labels: Int32Array.from(chosen, (i) => labels[i]!),
    classNames,
    origin: 'real',
  };
  return { images, available: labels.length };
}

async function readLabels(
  file: string,
  maxMegabytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  let labels = new Uint8Array(0);
  let held = 0;
  const open = ([count = 0]: readonly number[]) => {
    if (count === 0) throw empty(file);
    assertFits({ bytes: count, what: `${count} labels`, file, maxMegabytes });
    labels = new Uint8Array(count);
    return (chunk: Uint8Array) => {
      labels.set(chunk, held);
      held += chunk.length;
    };
  };
  await readIdx(file, 1, open, signal);
  const wrong = labels.findIndex((label) => label >= classNames.length);
  if (wrong < 0) return labels;
  throw new UserError(
    'data',
    'DATASET_LABEL_RANGE',
    `Label ${wrong + 1} of ${file} is ${labels[wrong]}; the classes are 0 to 9.`,
    { hint: 'The file is damaged or not MNIST.', place: { file } },
  );
}

function wrongCount(imagesFile: string, images: number, labelsFile: string, labels: number) {
  return new UserError(
    'data',
    'DATASET_LABEL_COUNT',
    `${imagesFile} holds ${images} images, but ${labelsFile} holds ${labels} labels.`,
    { hint: 'The two files are of different splits or sets.', place: { file: labelsFile } },
  );
}

function empty(file: string): UserError {
  return new UserError('data', 'DATASET_FILE_SIZE', `${file} holds no images.`, {
    hint: 'Give the files of MNIST.',
    place: { file },
  });
}
