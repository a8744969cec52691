import type { OpenLauncher } from '@privatesnn/core';

import { startWorker, type TestWorker } from './worker.js';

/** A launcher to whose run workers come as soon as it is open. */
export function joined(open: OpenLauncher, count: number) {
  const workers: TestWorker[] = [];
  const hire = async (folder: string, slots = 1) => {
    const worker = await startWorker(folder, slots);
    workers.push(worker);
    return worker;
  };
  return {
    workers,
    hire,
    open: (async (materials) => {
      const launcher = await open(materials);
      for (let each = 0; each < count; each++) await hire(materials.folder);
      return launcher;
    }) satisfies OpenLauncher,
    async end() {
      await Promise.all(workers.map((worker) => worker.kill()));
    },
  };
}
