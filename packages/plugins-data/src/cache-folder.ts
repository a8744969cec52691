import { join } from 'node:path';

import { userCacheFolder } from '@privatesnn/core';

/** Where downloaded datasets are kept. */
export function datasetCache(dataset: string): string {
  return join(userCacheFolder(), 'datasets', dataset);
}
