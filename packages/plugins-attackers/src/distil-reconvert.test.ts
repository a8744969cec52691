import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
import { fakeContext, runStageContract, tinySnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

import { distilReconvert } from './distil-reconvert.js';

let runtime: TensorRuntime;
const engine = createReferenceEngine();
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const quick = { queries: 40, rounds: 2, iterations: 3, distilEpochs: 2 };

runStageContract(distilReconvert, {
  options: quick,
  dependencies: () => ({ runtime, engine }),
  inputs: () => ({ victim: tinySnn() }),
});

async function attack(
  options: object,
  victim = tinySnn({ timeSteps: 20 }),
  context = fakeContext(),
) {
  const settings = distilReconvert.options.parse({ ...quick, ...options });
  return distilReconvert.create({ runtime, engine }, settings).run(context, { victim });
}

describe('distil-reconvert', () => {
  it('follows the spiking network better than the re-converted ANN does', async () => {
    // Thresholds so low that many neurons spike at every step: a ReLU is not what they compute.
    const victim = { ...tinySnn({ timeSteps: 20 }), thresholds: { conv1: 0.1 } };
    const { metrics } = await attack(
      { queries: 400, rounds: 1, distilEpochs: 20, distilLearningRate: 0.01 },
      victim,
    );
    const { explainedBefore, explainedAfter } = metrics.values;
    expect(explainedAfter!).toBeGreaterThan(explainedBefore! + 0.05);
  });

  it('warns where the distilled network follows it less than before, with both figures', async () => {
    const context = fakeContext();
    const options = { queries: 400, rounds: 1, distilLearningRate: 3 };
    const { metrics } = await attack(options, tinySnn({ timeSteps: 100 }), context);
    const { agreementBefore: before, agreementAfter: after } = metrics.values;
    expect(after!).toBeLessThan(before!);
    expect(context.warnings.join('\n')).toMatch(
      /Training ended below its start: .* on 40 images, fell from .* Lower distilLearningRate \(it is 3\)/,
    );
  });

  it('draws all classes, in the range of the network', async () => {
    const { images } = await attack({ imagesPerClass: 2 });
    expect([...images.labels]).toEqual([0, 1, 2, 0, 1, 2]);
    expect(images.range).toEqual([-1, 1]);
  });

  it('says so when the network is silent on all queries', async () => {
    const victim = { ...tinySnn(), thresholds: { conv1: 1e6 } };
    const context = fakeContext();
    const { images, metrics } = await attack({}, victim, context);
    expect(context.warnings.join()).toMatch(/same answer to every query \(T = 8\)/);
    expect(metrics.values).toMatchObject({ agreementAfter: null, explainedAfter: null });
    expect(metrics.reasons?.['agreementAfter']).toContain('same answer');
    // The re-converted network has gradients all the same.
    expect(images.withoutGradient).toBeUndefined();
  });

  it('leaves no tensor behind', async () => {
    const before = runtime.tf.memory().numTensors;
    await attack({});
    expect(runtime.tf.memory().numTensors).toBe(before);
  });
});
