import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';
import { kernelKinds } from './testing/compiled-engines.js';

const script = fileURLToPath(new URL('../../../../bench/measure.mjs', import.meta.url));
const built = existsSync(fileURLToPath(new URL('../../dist/index.js', import.meta.url)));

/**
 * A training step of VGG16 over 500 time-steps on two threads, in a process of its own. The option bounds JavaScript's
 * heap alone; the engine's memory, WebAssembly's or the allocator's, is bounded by `memoryBudget`, a thread's. What the
 * script prints as `peakBytes` is all that the process ever had in memory at once: VmHWM of /proc.
 */
function measureStep(implementation: string, memoryBudget: number): [string, string[]] {
  const step = { task: 'train', network: 'VGG16', timeSteps: 500, threads: 2, count: 2 };
  const request = JSON.stringify({ ...step, implementation, memoryBudget });
  return [process.execPath, ['--max-old-space-size=128', script, request]];
}

// `npm run build` makes what the script runs.
describe.skipIf(!built || process.platform !== 'linux').each(kernelKinds)(
  'memory (%s)',
  (engine) => {
    it('of a training step of VGG16 over 500 time-steps stays below 2 GB', () => {
      const budget = 512 * 2 ** 20;
      const result = execFileSync(...measureStep(engine, budget), { encoding: 'utf8' });
      const { peakBytes } = JSON.parse(result) as { peakBytes: number };
      expect(peakBytes).toBeGreaterThan(100e6);
      // Both threads' budgets, and what is beside them: weights, gradients, Node. Without a budget it is more.
      expect(peakBytes).toBeLessThan(2 * budget + 400e6);
    });

    it('that does not suffice is an error that says how much is needed', () => {
      const { status, stderr } = spawnSync(...measureStep(engine, 2 ** 20), { encoding: 'utf8' });
      expect(status).not.toBe(0);
      expect(stderr).toMatch(/ENGINE_SIZE/);
      expect(stderr).toMatch(/\d+ bytes, above the memory budget of 1048576/);
    });
  },
);
