import type { Snn } from '@privatesnn/core';
import { expect } from 'vitest';

import type { GradientRequest, InferenceRequest, SpikingEngine } from '../../engine.js';
import { createReferenceEngine } from '../../reference/engine.js';
import { expectClose } from './expect-close.js';

const reference = createReferenceEngine();

/** Expects of an engine what the reference engine gives, to the bit. */
export async function expectAsReference(
  engine: SpikingEngine,
  request: InferenceRequest,
): Promise<void> {
  const [fast, slow] = [await engine.infer(request), await reference.infer(request)];
  expect(fast.raster).toEqual(slow.raster);
  expect(fast.potentials).toEqual(slow.potentials);
  expect(fast.activity).toEqual(slow.activity);
  expect(fast.operations).toEqual(slow.operations);
}

/** Expects of an engine the reference engine's gradients of everything, but for rounding. */
export async function expectSameGradients(
  engine: SpikingEngine,
  { snn, pixels, seed }: { snn: Snn; pixels: Float32Array; seed: number },
  kind: 'triangle' | 'exponential' | 'spike-time',
  detachReset: boolean,
): Promise<void> {
  const request: GradientRequest = {
    ...{ snn, pixels, seed, detachReset, dropout: true },
    surrogate: { kind, width: 1, gamma: 0.5, divideByTheta: false, beta: 0.002 },
    loss: (logits: Float32Array, image: number) => ({
      value: logits.reduce((a, b) => a + b, image),
      gradient: logits.map((_, i) => (i + image) / 4 - 0.5),
    }),
    wanted: { parameters: true, thresholds: true, input: true },
  };
  const expected = await reference.gradients(request);
  const actual = await engine.gradients(request);
  expect(actual.activity).toEqual(expected.activity);
  expectClose(actual.logits, expected.logits);
  expect(Object.keys(actual.parameters)).toEqual(Object.keys(expected.parameters));
  for (const [name, gradient] of Object.entries(expected.parameters)) {
    expectClose(actual.parameters[name]!, gradient, name);
  }
  expect(Object.keys(actual.thresholds)).toEqual(Object.keys(expected.thresholds));
  expectClose(Object.values(actual.thresholds), Object.values(expected.thresholds));
  expectClose(actual.input!, expected.input!, 'input');
}
