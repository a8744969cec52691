import {
  cacheFolder,
  endWithParent,
  openCache,
  openPlanFile,
  runOneNode,
  serveNodes,
  type OpenWork,
} from '@privatesnn/core';

import { isolatedProgram } from '../isolation.js';
import { bundledServices } from '../services.js';

/**
 * Works for a run that was started elsewhere: on one node, by its files in the run folder, or, as a child of the
 * child-process launcher, on one after the other.
 *
 * @returns the exit code: 0 where the outcome was written, whatever it is
 */
export async function workOn(
  folder: string,
  node: string | undefined,
  cacheLocation: string | undefined,
): Promise<number> {
  const cache = openCache(cacheLocation ?? cacheFolder());
  const openWork: OpenWork = async ({ file, digest }) =>
    openPlanFile(file, {
      digest,
      services: await bundledServices(),
      moduleBase: import.meta.dirname,
      isolatedProgram: isolatedProgram(cacheLocation),
    });
  if (node === undefined) {
    const parent = Number(process.env['PRIVATESNN_PARENT']);
    if (Number.isInteger(parent)) endWithParent(parent);
    await serveNodes(cache, openWork);
    return 0;
  }
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => controller.abort());
  }
  await runOneNode(folder, node, cache, openWork, controller.signal);
  return 0;
}
