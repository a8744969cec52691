import { endWithParent, openPlanFile, serveNodes, type OpenWork } from '@privatesnn/core';

import { openCacheAt } from '../cache.js';
import { isolatedProgram } from '../isolation.js';
import { bundledServices } from '../services.js';

/** Opens the plans that jobs name. */
export function planOpener(named: string | undefined): OpenWork {
  return async ({ file, digest, folder }) =>
    openPlanFile(file, {
      digest,
      folder,
      services: await bundledServices(),
      moduleBase: import.meta.dirname,
      isolatedProgram: isolatedProgram(named),
    });
}

/** A child of the child-process launcher: works on one node after the other, as its parent sends them. */
export async function workOn(named: string | undefined): Promise<void> {
  const parent = Number(process.env['PRIVATESNN_PARENT']);
  if (Number.isInteger(parent)) endWithParent(parent);
  await serveNodes(await openCacheAt(named), planOpener(named));
}
