import {
  defineStage,
  output,
  selectImages,
  UserError,
  type Images,
  type StageContext,
} from '@privatesnn/core';
import { z } from 'zod';

import { chooseImages } from './choose-images.js';
import { filesDigest, readMaybeGzip } from './files.js';
import { parseIdx } from './idx.js';
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
  create: (_, { split, limit, shuffle, source, path }) => {
    const find = (context: Pick<StageContext, 'resolvePath'>) =>
      mnistSource(source, split, path, context);
    return {
      async fingerprint(context) {
        const found = await find(context);
        if (found.kind === 'download') return mnistDownloadDigest(split);
        return inMnistFolder(found, async () => filesDigest(await findFiles(found, split)));
      },
      async run(context) {
        context.signal.throwIfAborted();
        const found = await find(context);
        if (found.kind === 'download') await downloadMnist(found.folder, split, context.signal);
        const images = await inMnistFolder(found, async () =>
          readMnist(await findFiles(found, split)),
        );
        const chosen = chooseImages(
          images.labels,
          classNames.length,
          { limit, shuffle },
          context.random('sample'),
        );
        context.info(
          `MNIST: ${chosen.length} of ${images.labels.length} ${split} images from ${found.description}.`,
        );
        if (limit !== null && limit > images.labels.length) {
          context.warn(`${limit} images were asked for; there are ${images.labels.length}.`);
        }
        return { images: selectImages(images, chosen) };
      },
    };
  },
});

async function findFiles(source: MnistSource, split: MnistSplit): Promise<[string, string]> {
  const [images, labels] = mnistFiles[split];
  return [await findIdxFile(source.folder, images), await findIdxFile(source.folder, labels)];
}

/** Reads an images file and its labels file, and checks that they belong together. */
async function readMnist([imagesFile, labelsFile]: readonly [string, string]): Promise<Images> {
  const pixels = parseIdx(await readMaybeGzip(imagesFile), 3, imagesFile);
  const labels = parseIdx(await readMaybeGzip(labelsFile), 1, labelsFile);
  const [count, height, width] = pixels.dimensions as [number, number, number];
  if (labels.data.length !== count) {
    throw new UserError(
      'data',
      'DATASET_LABEL_COUNT',
      `${imagesFile} holds ${count} images, but ${labelsFile} holds ${labels.data.length} labels.`,
      { hint: 'The two files are of different splits or sets.', place: { file: labelsFile } },
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classNames.length);
  if (wrong >= 0) {
    throw new UserError(
      'data',
      'DATASET_LABEL_RANGE',
      `Label ${wrong + 1} of ${labelsFile} is ${labels.data[wrong]}; the classes are 0 to 9.`,
      { hint: 'The file is damaged or not MNIST.', place: { file: labelsFile } },
    );
  }
  return {
    type: 'images',
    shape: [count, height, width, 1],
    pixels: pixels.data,
    range: [0, 255],
    labels: Int32Array.from(labels.data),
    classNames,
    origin: 'real',
  };
}
