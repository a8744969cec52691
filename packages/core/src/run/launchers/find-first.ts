import type { Launcher } from '../../contracts/launcher.js';
import { failedNode } from '../failed-node.js';
import { createKeys } from '../keys.js';
import { findNode } from '../node.js';
import type { RunMaterials } from './open.js';

/** A launcher that is asked only for what the cache does not have: that is found here, without a worker. */
export function findFirst(launcher: Launcher, { work, cache }: RunMaterials): Launcher {
  const tools = { work, cache, keys: createKeys(work) };
  return {
    ...launcher,
    async launch(job, emit, signal) {
      try {
        const result = await findNode(tools, job);
        if (result) return { status: 'finished', result };
      } catch (error) {
        return failedNode('failed', error);
      }
      if (signal.aborted) return failedNode('interrupted', signal.reason);
      return launcher.launch(job, emit, signal);
    },
  };
}
