import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { afterEach, expect, test, vi } from 'vitest';

import { engineInfo, engineService } from './create-engine.js';
import { kernelDigest } from './kernel-digest.js';

afterEach(() => vi.unstubAllEnvs());

test.each(['kernels', 'dense'] as const)('the digest is that of the file %s.wasm', (unit) => {
  const bytes = readFileSync(new URL(`../kernels/${unit}.wasm`, import.meta.url));
  const digest = createHash('sha256').update(bytes).digest('hex');
  expect(digest.startsWith(kernelDigest('wasm', unit))).toBe(true);
  expect(kernelDigest('wasm', unit)).toHaveLength(12);
});

test("the engine's identity names implementation, instruction set and kernels", async () => {
  vi.stubEnv('PRIVATESNN_ENGINE', 'wasm');
  expect(await engineService.identity()).toBe(`wasm ${kernelDigest('wasm', 'kernels')}`);
  vi.stubEnv('PRIVATESNN_ENGINE', 'reference');
  expect(await engineService.identity()).toBe('reference');
  const native = engineInfo().find(({ implementation }) => implementation === 'native')!;
  if (!native.available) return;
  vi.stubEnv('PRIVATESNN_ENGINE', 'native');
  const digest = kernelDigest('native', 'kernels');
  expect(await engineService.identity()).toBe(`native ${native.detail} ${digest}`);
});
