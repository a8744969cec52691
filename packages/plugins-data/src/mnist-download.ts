import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { download } from './download.js';
import { exists, packedFile, sha256, unpacked } from './files.js';
import { megabyte } from './memory.js';
import { mnistFiles, mnistVariable, type MnistSplit } from './mnist-source.js';

const addresses = [
  'http://yann.lecun.com/exdb/mnist/',
  'https://ossci-datasets.s3.amazonaws.com/mnist/',
  'https://storage.googleapis.com/cvdf-datasets/mnist/',
];

/** SHA-256 of the unpacked files: mirrors differ in how they are packed. */
const digests: Readonly<Record<string, string>> = {
  'train-images-idx3-ubyte': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  'train-labels-idx1-ubyte': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  't10k-images-idx3-ubyte': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  't10k-labels-idx1-ubyte': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
};

/** Digest of a split's downloaded files: known before they are there. */
export function mnistDownloadDigest(split: MnistSplit): string {
  return sha256(mnistFiles[split].map((name) => digests[name]).join('\n'));
}

/** Fetches the two files of a split into the folder, unless they are there already. */
export async function downloadMnist(
  folder: string,
  split: MnistSplit,
  signal: AbortSignal,
  urls: readonly string[] = addresses,
): Promise<void> {
  for (const name of mnistFiles[split]) {
    const target = join(folder, `${name}.gz`);
    if (await exists(target)) continue;
    await download({
      urls: urls.map((address) => `${address}${name}.gz`),
      target,
      maxBytes: 50 * megabyte,
      verify: async (path) => {
        const hash = createHash('sha256');
        for await (const chunk of unpacked(await packedFile(path), signal)) hash.update(chunk);
        const found = hash.digest('hex');
        if (found !== digests[name]) {
          throw new Error(`the content's SHA-256 is ${found}, not ${digests[name]}`);
        }
      },
      hint:
        `Without network: put the four IDX files into a folder and name it in the option "path" or in ${mnistVariable}, ` +
        'or use "source: embedded".',
      signal,
    });
  }
}
