import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { defineStage, fileDigest, filesDigest, output, UserError } from '@privatesnn/core';
import { z } from 'zod';

import { archiveNeeds, archiveOptions, archiveSource } from './archive-source.js';
import { readCifar, type CifarLayout } from './cifar-binary.js';
import { openContainer } from './container.js';
import { exists } from './files.js';
import { commonOptions } from './options.js';

export interface CifarSet {
  readonly id: string;
  readonly summary: string;
  readonly layout: CifarLayout;
  /** The environment variable that names a folder or archive. */
  readonly variable: string;
  readonly url: string;
  /** SHA-256 of the archive. */
  readonly sha256: string;
}

/** Makes the stage of one of the CIFAR sets. */
export function cifarStage({ layout, summary, ...published }: CifarSet) {
  const archive = {
    ...published,
    name: layout.name,
    folder: 'the folder of the binary version',
    megabytes: 170,
  };
  return defineStage({
    kind: 'dataset',
    id: published.id,
    version: 2,
    summary,
    source: 'Krizhevsky 2009: Learning Multiple Layers of Features from Tiny Images',
    options: z.strictObject({
      ...commonOptions,
      range: z
        .tuple([z.int().min(0), z.int().min(1)])
        .refine(([first, end]) => first < end, 'Expected the first place before the end')
        .nullable()
        .default(null)
        .describe(
          'Only the images from this place to before that one, as the files of the split count them from 0; null takes all.',
        ),
      ...archiveOptions(archive),
    }),
    inputs: {},
    outputs: { images: output('images', 'The images, [count, 32, 32, 3], bytes.') },
    dependencies: {},
    needs: (options) => archiveNeeds(archive, options),
    create: (_, { split, limit, shuffle, range, maxMegabytes, ...where }) => {
      const source = archiveSource(archive, where);
      return {
        fingerprint: (context) =>
          source.fingerprint(context, (path) => digest(path, layout, split)),
        async run(context) {
          context.signal.throwIfAborted();
          const { images, available, complete, found } = await source.read(
            context,
            async (path) => ({
              found: path,
              ...(await readCifar(
                await openContainer(await innerFolder(path, layout), maxMegabytes),
                layout,
                split,
                { limit, shuffle, range },
                context.random('sample'),
                context.signal,
                maxMegabytes,
              )),
            }),
          );
          context.info(
            `${layout.name}: ${images.shape[0]} of ${available} ${split} images from ${found}.`,
          );
          if (available < complete) {
            context.warn(`This copy holds ${available} of the ${complete} ${split} images.`);
          }
          if (range && range[0] >= available) {
            throw new UserError(
              'configuration',
              'DATASET_RANGE',
              `Expected a range that begins below ${available}, the number of ${split} images here, received ` +
                `[${range.join(', ')}].`,
              { hint: 'Places count from 0.', option: 'range' },
            );
          }
          const [first, end] = range ?? [0, available];
          if (end > available || (limit !== null && limit > end - first)) {
            const asked = `${limit ?? end - first} images${range ? ` of places ${first} to ${end - 1}` : ''}`;
            context.warn(`${asked} were asked for; there are ${images.shape[0]}.`);
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
  if (!(await stat(path)).isDirectory()) return fileDigest(path);
  const folder = await innerFolder(path, layout);
  const names = [...layout.files[split], layout.namesFile];
  const there: string[] = [];
  for (const name of names) if (await exists(join(folder, name))) there.push(name);
  return filesDigest(folder, there);
}
