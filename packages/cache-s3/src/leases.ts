import type { S3Client } from '@aws-sdk/client-s3';
import {
  leaseKeeper,
  leaseMilliseconds,
  leaseWatch,
  uniqueName,
  type Leases,
} from '@privatesnn/core';

import type { Address } from './address.js';
import { probeConditions } from './conditions.js';
import {
  isOf,
  putLease,
  readLease,
  removeLease,
  type Condition,
  type Found,
} from './lease-objects.js';
import type { Ask } from './patience.js';

/**
 * Leases in a bucket, an object each. Only conditional writes are relied on, no clock.
 *
 * @param lifetime milliseconds
 * @param clock milliseconds of a steady clock
 */
export function s3Leases(
  { bucket, prefix }: Address,
  ask: Ask,
  lifetime = leaseMilliseconds,
  clock?: () => number,
): Leases {
  const watch = leaseWatch(lifetime, clock);
  const keeper = leaseKeeper(new URL('./lease-thread.js', import.meta.url), {}, lifetime);
  const placeOf = (name: string) => ({ Bucket: bucket, Key: prefix + name });
  let probed: Promise<void> | undefined;

  return {
    async acquire(key) {
      const probe = `leases/probe-${uniqueName()}`;
      probed ??= probeConditions(probe, placeOf(probe), ask);
      await probed.catch((error: unknown) => {
        probed = undefined;
        throw error;
      });
      const name = `leases/${key}`;
      const place = placeOf(name);
      const holder = uniqueName();
      const read = () => ask(name, 'read', (client) => readLease(client, place));
      /** Writes it, if nothing has changed: what is there then. */
      const put = async (condition: Condition): Promise<Found | undefined> => {
        const write = (client: S3Client) => putLease(client, place, holder, condition);
        const etag = await ask(name, 'write', write);
        return etag === undefined ? read() : { text: holder, etag };
      };

      let found = await put({ IfNoneMatch: '*' });
      // Where there is none, it was released in between, and the next try takes it.
      if (found && !isOf(found, holder) && watch.isOver(key, found.text)) {
        found = await put({ IfMatch: found.etag });
      }
      if (!found || !isOf(found, holder)) return undefined;
      watch.forget();
      return keeper.hold({ place, holder, etag: found.etag }, () => release().catch(expire));

      async function release(): Promise<void> {
        for (;;) {
          const seen = await read();
          if (!seen || !isOf(seen, holder)) return;
          if (await ask(name, 'write', (client) => removeLease(client, place, seen.etag))) return;
        }
      }
    },
  };
}

/** A lease that cannot be given back expires, which is no reason to lose what was computed. */
function expire(): void {}
