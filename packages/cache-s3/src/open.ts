import { cacheIn, type Cache } from '@privatesnn/core';

import { parseAddress } from './address.js';
import { s3Leases } from './leases.js';
import { withMemory } from './memory.js';
import { patientAsk, type Patience } from './patience.js';
import { s3Store } from './store.js';

export interface S3CacheOptions extends Partial<Patience> {
  /** Milliseconds after which a lease that nobody renews has expired. */
  readonly lifetime?: number;
  /** Milliseconds of a steady clock. */
  readonly clock?: () => number;
}

/**
 * Opens the cache beneath a prefix of a bucket; nothing is asked of the store before something is read or written.
 *
 * @param location `s3://BUCKET/PREFIX`
 * @throws UserError BAD_S3_ADDRESS
 */
export function openS3Cache(
  location: string,
  {
    known = 600_000,
    unknown = 60_000,
    warn = () => undefined,
    lifetime,
    clock,
  }: S3CacheOptions = {},
): Cache {
  const address = parseAddress(location);
  const ask = patientAsk(address.location, { known, unknown, warn });
  const store = s3Store(address, ask);
  const leases = s3Leases(address, ask, lifetime, clock);
  const { maintenance } = cacheIn(store, leases);
  return { ...cacheIn(withMemory(store), leases), maintenance };
}
