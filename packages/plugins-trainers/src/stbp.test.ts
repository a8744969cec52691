import { beforeAll, describe, expect, it } from 'vitest';

import type { Ann, Images, Snn, StageContext } from '@privatesnn/core';
import { annLogits, createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  createReferenceEngine,
  noClass,
  predictedClasses,
  reconvertToAnn,
  type Gradients,
  type SpikingEngine,
} from '@privatesnn/spiking';
import {
  expectSameAfterInterruption,
  fakeContext,
  runStageContract,
  waveAnn,
  waveImages,
} from '@privatesnn/testkit';

import { stbp } from './stbp.js';

const [conv, pool, flatten, ...dense] = waveAnn.architecture.layers;
const teacher: Ann = {
  ...waveAnn,
  architecture: {
    ...waveAnn.architecture,
    layers: [conv!, pool!, flatten!, { kind: 'dropout', rate: 0.2 }, ...dense],
  },
};

const snn: Snn = {
  type: 'snn',
  architecture: teacher.architecture,
  parameters: teacher.parameters,
  thresholds: { conv1: 0.9, fc1: 0.4 },
  neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
  encoder: { kind: 'poisson', range: [-1, 1] },
  readout: { kind: 'sum', scale: 1 },
  timeSteps: 10,
  classNames: ['a', 'b', 'c'],
};

const images: Images = { ...waveImages(12, 0.3), softLabels: new Float32Array(36).fill(1 / 3) };

let tensors: TensorRuntime;
beforeAll(async () => {
  tensors = await createTensorRuntime({ prefer: 'embedded' });
});

/** An engine that gives other gradients of the parameters. */
function withGradients(
  change: (parameters: Gradients['parameters']) => Gradients['parameters'],
): SpikingEngine {
  const engine = createReferenceEngine();
  return {
    ...engine,
    gradients: async (request) => {
      const result = await engine.gradients(request);
      return { ...result, parameters: change(result.parameters) };
    },
  };
}

/** A context that keeps its warnings. */
function warned(): { context: StageContext; warnings: string[] } {
  const warnings: string[] = [];
  return {
    warnings,
    context: { ...fakeContext(), warn: (message) => void warnings.push(message) },
  };
}

const quick = { epochs: 2, batchSize: 4, learningRate: 0.01 };

function train(
  options: object,
  context: StageContext = fakeContext(),
  inputs: { snn: Snn; images: Images; teacher: Ann | undefined } = { snn, images, teacher },
) {
  const engine = createReferenceEngine();
  const stage = stbp.create({ engine, tensors }, stbp.options.parse({ ...quick, ...options }));
  return stage.run(context, inputs);
}

runStageContract(stbp, {
  dependencies: async () => ({
    engine: createReferenceEngine(),
    tensors: await createTensorRuntime({ prefer: 'embedded' }),
  }),
  inputs: { snn, images, teacher },
  options: quick,
});

describe('stbp', () => {
  it('lowers the loss', async () => {
    const { history } = await train({ epochs: 12, distillation: false, readout: 'mean' });
    const loss = history.lines.find(({ name }) => name === 'loss')!.y as number[];
    expect(loss.at(-1)!).toBeLessThan(0.9 * loss[0]!);
  });

  it('changes the weights, so that the re-converted network is another one', async () => {
    const trained = await train({});
    expect(trained.weightChange.lines[0]!.y.every((change) => change! > 0)).toBe(true);
    const before = await annLogits(tensors, teacher, images);
    const after = await annLogits(tensors, reconvertToAnn(trained.snn), images);
    expect(after).not.toEqual(before);
  });

  it('trains by another loss with distillation than without', async () => {
    const [with_, without] = await Promise.all([train({}), train({ distillation: false })]);
    expect(with_.snn.parameters).not.toEqual(without.snn.parameters);
  });

  it('lowers the squared error with SGD', async () => {
    const { history } = await train({
      epochs: 12,
      learningRate: 0.1,
      distillation: false,
      readout: 'mean',
      loss: 'squared-error',
      optimizer: 'sgd',
      sgdMomentum: 0.5,
    });
    const loss = history.lines.find(({ name }) => name === 'loss')!.y as number[];
    expect(loss.at(-1)!).toBeLessThan(0.9 * loss[0]!);
  });

  it.each([
    [{ distillation: false }, { loss: 'squared-error' }],
    [{}, { loss: 'squared-error' }],
    [{}, { optimizer: 'sgd' }],
    [{ optimizer: 'sgd' }, { sgdMomentum: 0.9 }],
    [{ optimizer: 'sgd' }, { weightDecay: 0.1 }],
    [{}, { width: 2 }],
    [{}, { surrogate: 'rectangle' }],
  ])('with %o trains another network where told %o', async (options, change) => {
    const [one, other] = await Promise.all([train(options), train({ ...options, ...change })]);
    expect(other.snn.parameters).not.toEqual(one.snn.parameters);
  });

  it('gives the same network after an interruption as without', () =>
    expectSameAfterInterruption((context) => train({ epochs: 3 }, context)));

  it('warns when a batch brings no gradient, to which layers and up to when', async () => {
    const { context, warnings } = warned();
    const dark = { ...images, pixels: new Float32Array(192) };
    const { metrics } = await train({ epochs: 1 }, context, { snn, images: dark, teacher });
    expect(metrics.values['silentBatches']).toBe(3);
    expect(warnings.join()).toMatch(
      /^3 of 3 batches brought no gradient at all to .*"fc2.weight".* The last was in epoch 1 of 1\. Raise timeSteps/,
    );
  });

  it.each([
    [
      4,
      /^4 of 15 batches .* to "fc2.weight": .* After epoch 2 of 5 every batch .* nothing needs doing\.$/,
    ],
    [10, /^10 of 15 batches .* The last was in epoch 4 of 5\. Raise timeSteps/],
  ])('says whether anything needs doing when the first %i batches are silent', async (n, text) => {
    let calls = 0;
    const engine = withGradients((gradients) =>
      calls++ < n ? { ...gradients, 'fc2.weight': new Float32Array(24) } : gradients,
    );
    const stage = stbp.create({ engine, tensors }, stbp.options.parse({ ...quick, epochs: 5 }));
    const { context, warnings } = warned();
    await stage.run(context, { snn, images, teacher });
    expect(warnings.join('\n')).toMatch(text);
  });

  it('warns of every layer that an epoch changes by more than its size', async () => {
    const { context, warnings } = warned();
    await train({ learningRate: 1e8 }, context);
    for (const layer of ['conv1', 'fc1', 'fc2']) {
      expect(warnings.join('\n')).toMatch(
        new RegExp(`Epoch 1 changed the weights of layer "${layer}" by \\S+ times their own size`),
      );
    }
    const calm = warned();
    await train({}, calm.context);
    expect(calm.warnings).toEqual([]);
  });

  it('warns of a network that ends below its start, with both figures and the learning rate', async () => {
    const start: Snn = { ...snn, encoder: { kind: 'constant', range: [-1, 1] } };
    const pixels = images.pixels as Float32Array;
    const { potentials } = await createReferenceEngine().infer({ snn: start, pixels, seed: 1 });
    const labels = predictedClasses(potentials, 3);
    const inputs = { snn: start, images: { ...images, labels }, teacher };
    const { context, warnings } = warned();
    const { metrics } = await train({ learningRate: 10 }, context, inputs);
    const { accuracyBefore: before, accuracyAfter: after } = metrics.values;
    expect(before).toBe(labels.filter((label) => label !== noClass).length / 12);
    expect(after!).toBeLessThan(before!);
    const percent = (part: number) => `${Number((100 * part).toFixed(2))} %`;
    expect(warnings.join('\n')).toContain(
      `on 12 images, fell from ${percent(before!)} to ${percent(after!)}. Lower learningRate (it is 10).`,
    );
    const calm = warned();
    const same = await train({ learningRate: 1e-9 }, calm.context, inputs);
    expect(same.metrics.values['accuracyAfter']).toBe(same.metrics.values['accuracyBefore']);
    expect(calm.warnings.join()).not.toContain('below its start');
  });

  it('records with every epoch the weight change by layer, the last of which the result has', async () => {
    const recorded: Record<string, unknown>[] = [];
    const context: StageContext = {
      ...fakeContext(),
      record: (_, data) => void recorded.push(data),
    };
    const { history, weightChange, snn: trained } = await train({ epochs: 3 }, context);
    const line = (name: string) => history.lines.find((line) => line.name === name)!.y as number[];
    weightChange.x.forEach((layer, i) => {
      const changes = line(`weight change of ${layer}`);
      expect(changes).toHaveLength(3);
      expect(changes.at(-1)).toBe(weightChange.lines[0]!.y[i]);
      expect(
        recorded.map(({ weightChanges }) => (weightChanges as object)[layer as never]),
      ).toEqual(changes);
      const before = snn.parameters[`${layer}.weight`]!.data;
      const after = trained.parameters[`${layer}.weight`]!.data;
      const difference = Math.hypot(...after.map((w, j) => w - before[j]!));
      expect(changes.at(-1)).toBeCloseTo(difference / Math.hypot(...before), 5);
    });
    const last = weightChange.lines[0]!.y as number[];
    expect(line('weight change').at(-1)).toBeCloseTo(Math.hypot(...last) / Math.sqrt(last.length));
  });

  it('trains thresholds where asked to, and keeps them positive', async () => {
    const fixed = await train({});
    expect(fixed.snn.thresholds).toEqual(snn.thresholds);
    const trained = await train({ trainThresholds: true, learningRate: 0.5 });
    for (const [layer, theta] of Object.entries(trained.snn.thresholds)) {
      expect(theta).toBeGreaterThan(0);
      expect(theta).not.toBe(snn.thresholds[layer]);
    }
  });

  it('perturbs the weights by weightNoise before training', async () => {
    const { snn: trained } = await train({ weightNoise: 0.5, learningRate: 1e-12 });
    const before = snn.parameters['fc1.weight']!.data;
    const after = trained.parameters['fc1.weight']!.data;
    const norm = (values: Float32Array) => Math.hypot(...values);
    expect(norm(after.map((w, i) => w - before[i]!)) / norm(before)).toBeGreaterThan(0.35);
    expect(norm(after.map((w, i) => w - before[i]!)) / norm(before)).toBeLessThan(0.65);
  });

  it('stops before a gradient that is not finite spoils the weights', async () => {
    const broken = withGradients((gradients) => ({
      ...gradients,
      'fc1.weight': gradients['fc1.weight']!.map((g, i) => (i === 5 ? Infinity : g)),
    }));
    const stage = stbp.create({ engine: broken, tensors }, stbp.options.parse(quick));
    await expect(stage.run(fakeContext(), { snn, images, teacher })).rejects.toMatchObject({
      code: 'GRADIENT_NOT_FINITE',
      message: expect.stringContaining('"fc1.weight" of epoch 1, batch 1'),
    });
  });

  it('does not take adaptive neurons', async () => {
    const neuron = {
      kind: 'adaptive',
      rest: 1,
      growth: 0.1,
      thresholdDecay: 0.9,
      refractoryDecay: 0.9,
      currentDecay: 0.9,
      membraneDecay: 0.5,
    } as const;
    await expect(
      train({}, fakeContext(), { snn: { ...snn, neuron }, images, teacher }),
    ).rejects.toMatchObject({ code: 'ADAPTIVE_NEURON' });
  });

  it.each([
    ['signed neurons', { signed: true }, 'SIGNED_NEURON'],
    ['neurons with a probe', { probeSteps: 1 }, 'PROBING_NEURON'],
  ])('does not take %s, and says so before it trains', async (_, changed, code) => {
    const neuron = { ...snn.neuron, leak: 1, reset: 'soft', ...changed } as Snn['neuron'];
    const context = fakeContext();
    await expect(
      train({}, context, { snn: { ...snn, neuron }, images, teacher }),
    ).rejects.toMatchObject({ code });
    expect(context.warnings).toEqual([]);
  });

  it('does not take a read-out that leaves out time-steps', async () => {
    const late = { ...snn, readout: { ...snn.readout, after: 1 } };
    await expect(train({}, fakeContext(), { snn: late, images, teacher })).rejects.toMatchObject({
      code: 'DELAYED_READOUT',
    });
  });

  it('takes soft labels only from images that have them', async () => {
    const { softLabels: _, ...hard } = images;
    await expect(
      train({ labels: 'soft' }, fakeContext(), { snn, images: hard, teacher }),
    ).rejects.toThrow(/needs images with soft labels/);
  });

  it('trains without a teacher, and then compares the re-converted ANN with the labels', async () => {
    const inputs = { snn, images, teacher: undefined };
    const {
      history,
      metrics,
      snn: trained,
    } = await train(
      { distillation: false, readout: 'mean', surrogate: 'spike-time', gamma: 0.3 },
      fakeContext(),
      inputs,
    );
    expect(history.lines.map(({ name }) => name)).toContain(
      're-converted ANN, agreement with the labels',
    );
    const logits = await annLogits(tensors, reconvertToAnn(trained), images);
    const right = [...images.labels].filter((label, i) => {
      const row = [...logits.subarray(3 * i, 3 * i + 3)];
      return row[label] === Math.max(...row);
    });
    expect(metrics.values['reconvertedAgreement']).toBe(right.length / 12);
  });

  it.each([{ distillation: true }, { distillation: false, readout: 'fitted' }])(
    'asks before the run for the teacher that %o needs',
    (options) => {
      const check = (...connected: string[]) =>
        stbp.check!(stbp.options.parse(options), new Set(connected));
      expect(check('snn', 'images', 'teacher')).toEqual([]);
      expect(check('snn', 'images')).toMatchObject([{ code: 'NO_TEACHER' }]);
    },
  );
});

describe('a residual network', () => {
  it('is trained, its thresholds too, and every layer gets gradients', async () => {
    if (conv?.kind !== 'conv') throw new Error('The wave network begins with a convolution.');
    const { outChannels: channels } = conv;
    const architecture: Ann['architecture'] = {
      ...teacher.architecture,
      layers: [
        conv,
        {
          ...{ kind: 'conv', name: 'b', inChannels: channels, outChannels: channels },
          ...{ kernel: 3, stride: 1, padding: 1, bias: false, linear: true },
        },
        { kind: 'add', name: 'sum', from: ['b', conv.name] },
        pool!,
        flatten!,
        ...dense,
      ],
    };
    const data = Float32Array.from({ length: 9 * channels ** 2 }, (_, i) => ((i % 7) - 2) / 20);
    const residual: Snn = {
      ...snn,
      architecture,
      parameters: { ...snn.parameters, 'b.weight': { shape: [3, 3, channels, channels], data } },
      thresholds: { conv1: 0.6, sum: 0.9, fc1: 0.3 },
      gains: { sum: [1, 1.5] },
    };
    const { context, warnings } = warned();
    const options = { ...quick, epochs: 4, trainThresholds: true, distillation: false };
    const result = await train(options, context, { snn: residual, images, teacher: undefined });
    expect(warnings.filter((warning) => warning.includes('no gradient'))).toEqual([]);
    expect(result.snn.gains).toEqual(residual.gains);
    for (const [name, { data: before }] of Object.entries(residual.parameters)) {
      expect(result.snn.parameters[name]!.data).not.toEqual(before);
    }
    expect(result.snn.thresholds['sum']).not.toBe(0.9);
    const [loss] = result.history.lines;
    expect(loss!.y.at(-1)!).toBeLessThan(loss!.y[0]!);
    // Trained thresholds leave gains that no join's units explain: re-conversion keeps them as a layer.
    const names = reconvertToAnn(result.snn).architecture.layers.map(({ name }) => name);
    expect(names).toContain('sum gain 2');
  });
});
