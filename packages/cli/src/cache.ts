import { cacheLocation, openCache, type Cache } from '@privatesnn/core';

/**
 * Opens the cache that a command was given, else the usual one.
 *
 * @param named a folder, or `s3://BUCKET/PREFIX`
 */
export async function openCacheAt(named?: string): Promise<Cache> {
  const location = cacheLocation(named);
  return openCache(location);
}
