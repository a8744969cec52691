import { annLogits, createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { fakeContext, runStageContract, tinyAnn, tinySnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

import { gradientSign } from './gradient-sign.js';

let runtime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

runStageContract(gradientSign, {
  options: { imagesPerClass: 2, iterations: 3 },
  dependencies: () => ({ runtime }),
  inputs: () => ({ victim: tinySnn() }),
});

async function attack(given = {}) {
  const options = gradientSign.options.parse({ imagesPerClass: 2, iterations: 10, ...given });
  const stage = gradientSign.create({ runtime }, options);
  return (await stage.run(fakeContext(), { victim: tinyAnn() })).images;
}

async function meanTargetLogit(images) {
  const logits = await annLogits(runtime, tinyAnn(), images);
  const classes = images.classNames.length;
  const own = [...images.labels].map((label, image) => logits[image * classes + label]);
  return own.reduce((a, b) => a + b) / own.length;
}

describe('gradient-sign', () => {
  it('raises the output of the class', async () => {
    const before = await meanTargetLogit(await attack({ step: 1e-6 }));
    expect(await meanTargetLogit(await attack({ step: 0.05 }))).toBeGreaterThan(before);
  });

  it('moves a pixel by at most the step', async () => {
    const [from, to] = [
      await attack({ iterations: 1, step: 1e-9 }),
      await attack({ iterations: 1, step: 0.1 }),
    ];
    // The pixel range is [-1, 1], so a tenth of it is 0.2.
    from.pixels.forEach((pixel, i) => {
      expect(Math.abs(to.pixels[i] - pixel)).toBeLessThanOrEqual(0.2 + 1e-6);
    });
  });

  it('leaves no tensor behind', async () => {
    const before = runtime.tf.memory().numTensors;
    await attack();
    expect(runtime.tf.memory().numTensors).toBe(before);
  });
});
