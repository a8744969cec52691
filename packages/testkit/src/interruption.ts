import { expect } from 'vitest';

import type { StageContext } from '@privatesnn/core';

import { fakeContext } from './fake-context.js';

/**
 * Expects of a stage that saves at least two checkpoints that it gives the same after an interruption at the second as
 * without one.
 *
 * @param run the stage in a context
 */
export async function expectSameAfterInterruption(
  run: (context: StageContext) => Promise<unknown>,
): Promise<void> {
  const whole = await run(fakeContext());
  let checkpoint: unknown;
  let saves = 0;
  const stopping: StageContext = {
    ...fakeContext(),
    saveCheckpoint: (state) => {
      checkpoint = structuredClone(state);
      return ++saves === 2 ? Promise.reject(new Error('killed')) : Promise.resolve();
    },
  };
  await expect(run(stopping)).rejects.toThrow('killed');
  expect(await run(fakeContext({ checkpoint }))).toEqual(whole);
}
