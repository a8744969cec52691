import { expect, test } from 'vitest';

import { describeMachine } from './index.js';

test('the report names what the machine has', async () => {
  const report = await describeMachine(import.meta.dirname);
  expect(report.node).toBe(process.versions.node);
  expect(report.cores).toBeGreaterThanOrEqual(1);
  expect(report.freeDisk).toBeGreaterThan(0);
  expect(report.memory.total).toBeGreaterThan(report.memory.free);
  if (report.tensorFlow.present) expect(report.tensorFlow.version).toMatch(/^\d+\.\d+/);
  else expect(report.tensorFlow.reason).not.toBe('');
  expect(report.kernels.kind === 'native' || report.kernels.whyNotNative !== undefined).toBe(true);
});
