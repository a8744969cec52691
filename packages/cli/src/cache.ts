import { cacheLocation, openCache, type Cache } from '@privatesnn/core';

import { say } from './terminal.js';

/**
 * Opens the cache that a command was given, else the usual one.
 *
 * @param named a folder, or `s3://BUCKET/PREFIX`
 * @param warn tells the user something; on standard error when left out
 */
export async function openCacheAt(named?: string, warn = warnHere): Promise<Cache> {
  const location = cacheLocation(named);
  if (!/^s3:/i.test(location)) return openCache(location);
  // It takes a while to load.
  const { openS3Cache } = await import('@privatesnn/cache-s3');
  return openS3Cache(location, { warn });
}

function warnHere(message: string): void {
  say(process.stderr, `! ${message}\n`);
}
