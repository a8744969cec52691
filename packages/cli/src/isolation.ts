import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';

import {
  cacheLocation,
  isAddress,
  refuseDebugger,
  userCacheFolder,
  UserError,
  type IsolatedProgram,
  type Isolation,
} from '@privatesnn/core';

export interface IsolationOptions {
  /** Whether plugins that are not trusted run in processes without rights. */
  readonly isolate?: boolean;
  /** Names of plugins that are trusted all the same. */
  readonly trust?: readonly string[];
  /** Where the cache is: a folder or an address. */
  readonly cache?: string | undefined;
}

/** What `--isolate` and `--trust` ask for; undefined where nothing is isolated. */
export function isolationOf({
  isolate,
  trust = [],
  cache,
}: IsolationOptions): Isolation | undefined {
  if (!isolate) {
    if (trust.length === 0) return undefined;
    throw new UserError(
      'configuration',
      'TRUST_WITHOUT_ISOLATE',
      '--trust has a meaning with --isolate only: without it all plugins are trusted.',
      { hint: 'Add --isolate, or leave --trust out.' },
    );
  }
  refuseDebugger();
  return { trust, program: isolatedProgram(cache) };
}

/**
 * What isolated processes run.
 *
 * @param named where the cache is, where it is not the usual one
 */
export function isolatedProgram(named?: string): IsolatedProgram {
  const cache = cacheLocation(named);
  return {
    entry: fileURLToPath(new URL('./isolated.js', import.meta.url)),
    packages: ['@privatesnn/core', '@privatesnn/spiking', '@privatesnn/runtime-tfjs'],
    closed: [homedir(), userCacheFolder(), ...(isAddress(cache) ? [] : [cache])],
  };
}
