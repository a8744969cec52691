import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  createReferenceEngine,
  type GradientRequest,
  type SpikingEngine,
} from '@privatesnn/spiking';
import { fakeContext, runStageContract, tinySnn } from '@privatesnn/testkit';
import { beforeAll, describe, expect, it } from 'vitest';

import { spikeGradient } from './spike-gradient.js';

let runtime: TensorRuntime;
const engine = createReferenceEngine();
beforeAll(async () => {
  runtime = await createTensorRuntime({ prefer: 'embedded' });
});

const quick = { imagesPerClass: 2, iterations: 3, batchSize: 4 };

runStageContract(spikeGradient, {
  options: quick,
  dependencies: () => ({ runtime, engine }),
  inputs: () => ({ victim: tinySnn() }),
});

async function attack(options: object, using: SpikingEngine = engine, victim = tinySnn()) {
  const settings = spikeGradient.options.parse({ ...quick, ...options });
  const stage = spikeGradient.create({ runtime, engine: using }, settings);
  return (await stage.run(fakeContext(), { victim })).images;
}

/** An engine whose input gradient is −1 at every pixel; it notes what it was asked. */
function constantEngine(): SpikingEngine & { requests: GradientRequest[] } {
  const requests: GradientRequest[] = [];
  return {
    ...engine,
    requests,
    async gradients(request) {
      requests.push(request);
      const images = request.pixels.length / 36;
      for (let i = 0; i < images; i++) request.loss(Float32Array.of(1, 2, 3), i);
      return {
        logits: new Float32Array(),
        loss: 0,
        parameters: {},
        thresholds: {},
        input: new Float32Array(request.pixels.length).fill(-1),
        activity: [],
      };
    },
  };
}

describe('spike-gradient', () => {
  const options = { iterations: 4, projection: 'clip-at-end', learningRate: 1e-3, timeSteps: 5 };
  const first = async (changes: object) =>
    (await attack({ ...options, ...changes }, constantEngine())).pixels[0]!;

  it('climbs: it moves against the gradient of −y_c, divided by T', async () => {
    const start = await first({ learningRate: 1e-12 });
    expect((await first({})) - start).toBeCloseTo((4 * 1e-3) / 5, 6);
  });

  it('sums up all gradients so far where it is taken literally', async () => {
    const start = await first({ learningRate: 1e-12 });
    expect((await first({ literal: true })) - start).toBeCloseTo(((1 + 2 + 3 + 4) * 1e-3) / 5, 6);
  });

  it('asks for input gradients alone, with Eq. 5 and new noise at every step', async () => {
    const using = constantEngine();
    await attack(options, using);
    expect(using.requests.map(({ firstImage }) => firstImage)).toEqual([0, 0, 0, 0, 4, 4, 4, 4]);
    expect(new Set(using.requests.map(({ seed }) => seed)).size).toBe(8);
    for (const request of using.requests) {
      expect(request.wanted).toEqual({ parameters: false, thresholds: false, input: true });
      expect(request.surrogate).toEqual({ kind: 'triangle', gamma: 1, divideByTheta: false });
      const label = (request.firstImage! + 1) % 3;
      const { value, gradient } = request.loss(Float32Array.of(5, 6, 7), 1);
      expect(value).toBe(-(5 + label));
      expect([...gradient]).toEqual([0, 1, 2].map((c) => (c === label ? -1 : 0)));
    }
  });

  it('raises y_c of a spiking network', async () => {
    const score = async (iterations: number) => {
      const images = await attack({ iterations, projection: 'clip-each-step', learningRate: 0.1 });
      const snn = tinySnn();
      const { potentials } = await engine.infer({
        snn,
        pixels: images.pixels as Float32Array,
        seed: 1,
        timeSteps: 100,
      });
      return [...images.labels].reduce((sum, label, i) => sum + potentials[i * 3 + label]!, 0);
    };
    expect(await score(25)).toBeGreaterThan(await score(1));
  });

  it('stays finite over many time-steps with θ > 2, and says so where it does not', async () => {
    const victim = { ...tinySnn(), thresholds: { conv1: 6 } };
    const long = { imagesPerClass: 1, iterations: 2, timeSteps: 400 };
    const images = await attack(long, engine, victim);
    expect((images.pixels as Float32Array).every(Number.isFinite)).toBe(true);
    await expect(attack({ ...long, detachReset: false }, engine, victim)).rejects.toMatchObject({
      code: 'IMAGES_NOT_FINITE',
    });
  });

  it('blurs where it is asked to', async () => {
    expect((await attack({ blurEvery: 1 })).pixels).not.toEqual((await attack({})).pixels);
  });
});
