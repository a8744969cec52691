import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { defineStage, output, UserError, type StageContext } from '@privatesnn/core';
import { z } from 'zod';

import { datasetCache } from './cache-folder.js';
import { readCifar, type CifarLayout } from './cifar-binary.js';
import { openContainer } from './container.js';
import { download, verifyMd5 } from './download.js';
import { exists, fileDigest, filesDigest } from './files.js';
import { commonOptions, pathOption } from './options.js';

export interface CifarSet {
  readonly id: string;
  readonly summary: string;
  readonly layout: CifarLayout;
  /** The environment variable that names a folder or archive. */
  readonly variable: string;
  readonly url: string;
  /** Published MD5 of the archive; files of the user's own are not checked against it. */
  readonly md5: string;
}

/** Makes the stage of one of the CIFAR sets. */
export function cifarStage({ id, summary, layout, variable, url, md5 }: CifarSet) {
  const archive = url.slice(url.lastIndexOf('/') + 1);
  const options = z.strictObject({
    ...commonOptions,
    source: z
      .enum(['auto', 'download'])
      .default('auto')
      .describe(
        `Where the images come from. auto: "path", else ${variable}, else an earlier download; download: fetched once from its original address.`,
      ),
    path: pathOption(`Folder with the binary version, or ${archive}`),
  });
  const cached = join(datasetCache(id), archive);
  return defineStage({
    kind: 'dataset',
    id,
    version: 1,
    summary,
    source: 'Krizhevsky 2009: Learning Multiple Layers of Features from Tiny Images',
    options,
    inputs: {},
    outputs: { images: output('images', 'The images, [count, 32, 32, 3], bytes.') },
    dependencies: {},
    create: (_, { split, limit, shuffle, source, path }) => {
      const find = async (context: Pick<StageContext, 'resolvePath'>): Promise<string> => {
        if (source === 'download') return cached;
        const own = path === null ? process.env[variable] : context.resolvePath(path);
        if (own) return own;
        if (await exists(cached)) return cached;
        throw new UserError(
          'data',
          'DATASET_PATH',
          `No copy of ${layout.name} was found: neither the option "path" nor the environment variable ${variable} names one, and none was downloaded.`,
          {
            hint: `Name the folder of the binary version or ${archive}, or use "source: download" (about 170 MB).`,
          },
        );
      };
      return {
        async fingerprint(context) {
          const found = await find(context);
          return found === cached ? `md5:${md5}` : digest(found, layout, split);
        },
        async run(context) {
          context.signal.throwIfAborted();
          const found = await find(context);
          if (found === cached && !(await exists(cached))) {
            context.info(`Fetching ${url}.`);
            await download({
              urls: [url],
              target: cached,
              verify: (file) => verifyMd5(file, md5),
              hint: `Without network: copy ${archive} or its unpacked folder here and name it in "path" or ${variable}.`,
              signal: context.signal,
            });
          }
          const { images, available, complete } = await readCifar(
            await openContainer(await innerFolder(found, layout)),
            layout,
            split,
            { limit, shuffle },
            context.random('sample'),
            context.signal,
          );
          context.info(
            `${layout.name}: ${images.shape[0]} of ${available} ${split} images from ${found}.`,
          );
          if (available < complete) {
            context.warn(`This copy holds ${available} of the ${complete} ${split} images.`);
          }
          if (limit !== null && limit > available) {
            context.warn(`${limit} images were asked for; there are ${available}.`);
          }
          return { images };
        },
      };
    },
  });
}

/** The folder with the files: the given one, or its only subfolder that has them. */
async function innerFolder(path: string, layout: CifarLayout): Promise<string> {
  const wanted = [...layout.files.train, ...layout.files.test];
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  if (entries.some(({ name }) => wanted.includes(name))) return path;
  for (const entry of entries) {
    const inner = join(path, entry.name);
    if (entry.isDirectory() && (await readdir(inner)).some((name) => wanted.includes(name))) {
      return inner;
    }
  }
  return path;
}

async function digest(path: string, layout: CifarLayout, split: 'train' | 'test'): Promise<string> {
  if (!(await stat(path).catch(() => undefined))?.isDirectory()) return fileDigest(path);
  const folder = await innerFolder(path, layout);
  const names = [...layout.files[split], layout.namesFile];
  const there: string[] = [];
  for (const name of names) if (await exists(join(folder, name))) there.push(name);
  return `${there.join()}:${await filesDigest(there.map((name) => join(folder, name)))}`;
}
