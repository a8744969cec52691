import { join } from 'node:path';

import { UserError, type Need, type StageContext } from '@privatesnn/core';
import { z } from 'zod';

import { datasetCache } from './cache-folder.js';
import { download, verifySha256 } from './download.js';
import { exists } from './files.js';
import { megabyte } from './memory.js';
import { pathOption } from './options.js';
import { inOwnCopy, ownCopy } from './own-copy.js';

/** A dataset that its authors publish as one archive. */
export interface Archive {
  readonly name: string;
  /** Names the folder of the cache. */
  readonly id: string;
  readonly url: string;
  /** SHA-256 of the archive; files of the user's own are not checked against it. */
  readonly sha256: string;
  readonly megabytes: number;
  /** The environment variable that names a copy. */
  readonly variable: string;
  /** What a copy may be beside the archive: "the folder of the binary version". */
  readonly folder: string;
}

/** The options that choose where such a dataset comes from. */
export function archiveOptions({ url, variable, folder }: Archive) {
  return {
    source: z
      .enum(['auto', 'download'])
      .default('auto')
      .describe(
        `Where the images come from. auto: "path", else ${variable}, else an earlier download; download: fetched once from its original address.`,
      ),
    path: pathOption(`${capital(folder)}, or ${fileOf(url)}`),
  };
}

/** What such a dataset reads, by its options. */
export function archiveNeeds(
  { id, variable }: Archive,
  { source, path }: { readonly source: 'auto' | 'download'; readonly path: string | null },
): Need[] {
  if (source === 'download') return [{ what: id }];
  return [path === null ? { what: id, variable } : { what: id, path }];
}

export interface ArchiveSource {
  /** Digest of the dataset; of the downloaded archive the published one, of a copy what `digest` says. */
  fingerprint(
    context: Pick<StageContext, 'resolvePath'>,
    digest: (path: string) => Promise<string>,
  ): Promise<string>;
  /** Works on the user's copy, or on the downloaded archive, which is fetched first where it is missing. */
  read<T>(context: StageContext, work: (path: string) => Promise<T>): Promise<T>;
}

/** Finds a dataset by its options: the user's copy, else the archive in the cache. */
export function archiveSource(
  { name, id, url, sha256, megabytes, variable, folder }: Archive,
  { source, path }: { readonly source: 'auto' | 'download'; readonly path: string | null },
): ArchiveSource {
  const file = fileOf(url);
  const cached = join(datasetCache(id), file);
  const find = async (context: Pick<StageContext, 'resolvePath'>) => {
    if (source === 'download') return undefined;
    const own = ownCopy(path, variable, context);
    if (own || (await exists(cached))) return own;
    throw new UserError(
      'data',
      'DATASET_PATH',
      `No copy of ${name} was found: neither the option "path" nor the environment variable ${variable} names one, and none was downloaded.`,
      { hint: `Name ${folder} or ${file}, or use "source: download" (about ${megabytes} MB).` },
    );
  };
  return {
    async fingerprint(context, digest) {
      const own = await find(context);
      return own ? inOwnCopy(own, digest) : `sha256:${sha256}`;
    },
    async read(context, work) {
      const own = await find(context);
      if (own) return inOwnCopy(own, work);
      if (!(await exists(cached))) {
        context.info(`Fetching ${url}.`);
        await download({
          urls: [url],
          target: cached,
          maxBytes: 2 * megabytes * megabyte,
          verify: (downloaded) => verifySha256(downloaded, sha256),
          hint: `Without network: copy ${file} or its unpacked folder here and name it in "path" or ${variable}.`,
          signal: context.signal,
        });
      }
      return work(cached);
    },
  };
}

function fileOf(url: string): string {
  return url.slice(url.lastIndexOf('/') + 1);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
