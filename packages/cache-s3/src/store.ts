import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { forEachOf, type Part, type Store, type StoredFile } from '@privatesnn/core';

import type { Address } from './address.js';
import { missingIsUndefined } from './lease-objects.js';
import type { Ask } from './patience.js';

/** What the store answers takes longer on the way than in it. */
const parallel = 16;

/** The files of a cache in a bucket, an object each, which is there whole or not at all by its nature. */
export function s3Store({ bucket, prefix, location }: Address, ask: Ask): Store {
  const placeOf = (name: string) => ({ Bucket: bucket, Key: prefix + name });

  const remove = async (name: string) => {
    await ask(name, 'write', (client) => client.send(new DeleteObjectCommand(placeOf(name))));
  };

  async function list(part: Part): Promise<StoredFile[]> {
    const files: StoredFile[] = [];
    const now = Date.now();
    for (let token: string | undefined, more = true; more;) {
      const query = { Bucket: bucket, Prefix: `${prefix}${part}/`, ContinuationToken: token };
      const page = await ask(part, 'read', (client) =>
        client.send(new ListObjectsV2Command(query)),
      );
      for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
        const age = now - (LastModified?.getTime() ?? now);
        files.push({ name: Key.slice(prefix.length), bytes: Size, age });
      }
      token = page.NextContinuationToken;
      more = token !== undefined;
    }
    return files;
  }

  return {
    location,
    parallel,
    placeOf: (name) => `${location}/${name}`,

    bytesOf: (name) =>
      ask(name, 'read', (client) =>
        client
          .send(new HeadObjectCommand(placeOf(name)))
          .then(({ ContentLength = 0 }) => ContentLength, missingIsUndefined),
      ),

    read: (name) =>
      ask(name, 'read', (client) =>
        client
          .send(new GetObjectCommand(placeOf(name)))
          .then(({ Body }) => Body?.transformToByteArray(), missingIsUndefined),
      ),

    // To read it costs what writing it costs.
    holds: () => Promise.resolve(false),

    async write(name, chunks) {
      const object = { ...placeOf(name), Body: Buffer.concat(chunks) };
      await ask(name, 'write', (client) => client.send(new PutObjectCommand(object)));
    },

    remove,
    list,

    async clear(part) {
      await forEachOf(await list(part), parallel, ({ name }) => remove(name));
    },

    halfWritten: () => Promise.resolve([]),
    sweep: () => Promise.resolve(),
  };
}
