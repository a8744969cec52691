import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext, runStageContract, tinyAnn } from '@privatesnn/testkit';
import { beforeAll, expect, it } from 'vitest';

import { noise } from './noise.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

runStageContract(noise, {
  options: { samples: 5 },
  dependencies: () => ({ runtime }),
  inputs: () => ({ ann: tinyAnn() }),
});

async function draw(options: object) {
  const stage = noise.create({ runtime }, noise.options.parse({ samples: 100, ...options }));
  return (await stage.run(fakeContext(), { ann: tinyAnn() })).images;
}

it('has the moments of its distribution', async () => {
  const moments = (pixels: ArrayLike<number>) => {
    const values = Array.from(pixels);
    const mean = values.reduce((a, b) => a + b) / values.length;
    return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
  };
  const [uniformMean, uniformDeviation] = moments((await draw({})).pixels);
  expect(uniformMean).toBeCloseTo(0, 1);
  expect(uniformDeviation).toBeCloseTo(1 / Math.sqrt(3), 1);
  const gaussian = await draw({ distribution: 'gaussian', mean: 0.6, deviation: 0.1 });
  const [mean, deviation] = moments(gaussian.pixels);
  expect(mean).toBeCloseTo(0.2, 1);
  expect(deviation).toBeCloseTo(0.2, 1);
});

it("labels images by the network's own answer", async () => {
  const images = await draw({});
  const logits = await annLogits(runtime, tinyAnn(), images);
  images.labels.forEach((label, i) => {
    const row = logits.subarray(3 * i, 3 * i + 3);
    expect(row[label]).toBe(Math.max(...row));
  });
});
