import { UserError } from '@privatesnn/core';

import { putLease, readLease, removeLease, type Place } from './lease-objects.js';
import type { Ask } from './patience.js';

/** No content has it. */
const strangeTag = `"${'0'.repeat(32)}"`;

/**
 * Looks whether a store heeds the conditions of writes; those that do not know them mostly write all the same.
 *
 * @param name of a file that nobody else uses
 * @param place of its object
 * @throws UserError S3_NO_CONDITIONS
 */
export async function probeConditions(name: string, place: Place, ask: Ask): Promise<void> {
  const put = (text: string, condition: Parameters<typeof putLease>[3]) =>
    ask(name, 'write', (client) => putLease(client, place, text, condition)).catch(refused);
  await put('first', { IfNoneMatch: '*' });
  await put('second', { IfNoneMatch: '*' });
  await put('third', { IfMatch: strangeTag });
  const found = await ask(name, 'read', (client) => readLease(client, place));
  if (found) await ask(name, 'write', (client) => removeLease(client, place, found.etag));
  if (found?.text !== 'first') throw noConditions();
}

function refused(error: unknown): never {
  throw error instanceof UserError && error.code === 'S3_NOT_IMPLEMENTED' ? noConditions() : error;
}

const noConditions = () =>
  new UserError(
    'environment',
    'S3_NO_CONDITIONS',
    'The store of the cache does not heed conditional writes (If-None-Match, If-Match), without which several processes would compute the same.',
    {
      hint: 'Use one that does: Amazon S3, Cloudflare R2, MinIO, Ceph, versitygw in a recent version. Or keep the cache in a folder that all machines see.',
    },
  );
