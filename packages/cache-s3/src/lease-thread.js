/** Renews the leases of a process that lie in a bucket. */
import { keepLeases } from '@privatesnn/core/lease-thread';

import { openClient } from './client.js';
import { isOf, putLease, readLease } from './lease-objects.js';

/** @typedef {{ place: import('./lease-objects.js').Place, holder: string, etag: string }} Kept */

const opened = openClient();

/** @param {Kept} lease */
async function renew(lease, /** @type {number} */ beat) {
  const { place, holder, etag } = lease;
  const client = await opened;
  const renewed = await putLease(client, place, `${holder} ${beat}`, { IfMatch: etag });
  if (renewed !== undefined) {
    lease.etag = renewed;
    return true;
  }
  const found = await readLease(client, place);
  if (!found || !isOf(found, holder)) return false;
  lease.etag = found.etag;
  return true;
}

keepLeases(renew);
