import { afterEach, expect, test, vi } from 'vitest';

import { createEngine, engineService } from './create-engine.js';
import { defaultThreads } from './dense/pool.js';
import { threadsAsked } from './threads.js';

afterEach(() => vi.unstubAllEnvs());

test.each(['x', '0', '-1', '1.5', '257', 'NaN'])(
  'PRIVATESNN_THREADS=%s is refused',
  async (text) => {
    vi.stubEnv('PRIVATESNN_THREADS', text);
    const error = { code: 'ENGINE_THREADS', errorClass: 'configuration' };
    for (const ask of [threadsAsked, defaultThreads, engineService.check!]) {
      expect(ask).toThrow(expect.objectContaining(error));
    }
    await expect(createEngine({ implementation: 'wasm' })).rejects.toMatchObject(error);
  },
);

test('PRIVATESNN_THREADS counts where it is set', () => {
  vi.stubEnv('PRIVATESNN_THREADS', '3');
  expect([threadsAsked(), defaultThreads()]).toEqual([3, 3]);
  vi.stubEnv('PRIVATESNN_THREADS', '');
  expect(threadsAsked()).toBeUndefined();
});

test('an engine that is asked for and does not exist is told before a run', () => {
  vi.stubEnv('PRIVATESNN_ENGINE', 'quantum');
  expect(engineService.check).toThrow(expect.objectContaining({ code: 'ENGINE_NAME' }));
  vi.stubEnv('PRIVATESNN_ENGINE', 'wasm');
  expect(engineService.check!()).toBeUndefined();
});
