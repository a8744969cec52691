import { totalmem } from 'node:os';

import type { Launcher } from '../../contracts/launcher.js';
import { createKeys } from '../keys.js';
import { runNode } from '../node.js';
import { createProfileRows } from '../profile-rows.js';
import { createContainers } from './containers.js';
import type { OpenLauncher } from './open.js';
import { threadsHere } from './threads.js';

/** Works in this process, one node at a time. */
export const inProcess: OpenLauncher = ({ work, cache }): Launcher => {
  const containers = createContainers(work.services);
  const tools = {
    ...{ work, cache, keys: createKeys(work) },
    ...{ container: containers.get, profile: createProfileRows() },
  };
  const ended = new AbortController();
  return {
    slots: 1,
    threads: threadsHere(),
    memory: totalmem(),
    launch: (job, emit, signal) =>
      runNode(tools, job, emit, AbortSignal.any([signal, ended.signal])),
    cancel() {
      ended.abort();
      return Promise.resolve();
    },
    close: () => containers.close(),
  };
};
