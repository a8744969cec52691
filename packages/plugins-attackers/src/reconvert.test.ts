import { createTensorRuntime, annLogits, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { reconvertToAnn } from '@privatesnn/spiking';
import { digestOf, fakeContext, runStageContract, tinyAnn, tinySnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

import { reconvert } from './reconvert.js';

let runtime: TensorRuntime;
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const quick = { imagesPerClass: 2, iterations: 6, batchSize: 4 };

runStageContract(reconvert, {
  options: quick,
  dependencies: () => ({ runtime }),
  inputs: () => ({ victim: tinySnn() }),
});

async function attack(options: object = {}, victim = tinyAnn()) {
  const settings = reconvert.options.parse({ ...quick, ...options });
  return (await reconvert.create({ runtime }, settings).run(fakeContext(), { victim })).images;
}

/** Mean logit of the target class. */
async function score(options: object): Promise<number> {
  const images = await attack(options);
  const logits = await annLogits(runtime, tinyAnn(), images);
  const classes = images.classNames.length;
  const own = [...images.labels].map((label, i) => logits[i * classes + label]!);
  return own.reduce((a, b) => a + b) / own.length;
}

describe('reconvert', () => {
  it.each(['clip-at-end', 'clip-each-step', 'min-max-at-end'] as const)(
    'raises y_c, with %s',
    async (projection) => {
      const before = await score({ projection, iterations: 1, learningRate: 1e-6 });
      const after = await score({ projection, iterations: 20, learningRate: 0.1 });
      expect(after).toBeGreaterThan(before);
    },
  );

  it('takes the step of Algorithm 1', async () => {
    // Without blur one step of the plain rule adds η·∂y_c/∂x, which scales with η.
    const options = { iterations: 1, blurEvery: 0, projection: 'clip-at-end' };
    const [start, one, two] = await Promise.all(
      [1e-9, 1e-4, 2e-4].map((learningRate) => attack({ ...options, learningRate })),
    );
    const step = (to: typeof start) => to!.pixels.map((v, i) => v - start!.pixels[i]!);
    step(one).forEach((d, i) => expect(step(two)[i]).toBeCloseTo(2 * d, 5));
  });

  it('sees the same in an SNN and in the ANN it is re-converted to', async () => {
    const options = reconvert.options.parse(quick);
    const victims = [tinySnn(), reconvertToAnn(tinySnn())];
    const digests = await Promise.all(
      victims.map(async (victim) =>
        digestOf(await reconvert.create({ runtime }, options).run(fakeContext(), { victim })),
      ),
    );
    expect(digests[0]).toBe(digests[1]);
  });

  it('draws all classes equally often, and the first image of a class whatever their number', async () => {
    const few = await attack({ imagesPerClass: 1, batchSize: 3 });
    const many = await attack({ imagesPerClass: 3, batchSize: 3 });
    expect([...many.labels]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
    expect(many.pixels.slice(0, few.pixels.length)).toEqual(few.pixels);
  });

  it('leaves no tensor behind', async () => {
    const before = runtime.tf.memory().numTensors;
    await attack({ optimizer: 'adam', jitter: 2, objective: 'log-probability' });
    expect(runtime.tf.memory().numTensors).toBe(before);
  });
});
