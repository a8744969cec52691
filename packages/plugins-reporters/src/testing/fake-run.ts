import type {
  Artefact,
  JobResult,
  JobStage,
  Pictures,
  Manifest,
  RunReport,
  Series,
} from '@privatesnn/core';

import { glyphsOf } from '../grid/font.js';

export const jobNames = ['ANN', 'DC', 'DC + CET', 'DC + CET + OD'];
const classNames = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** Pseudo-random numbers for pictures and curves that only have to look alive. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A stage of a fake job. */
export function stage(
  kind: string,
  use: string,
  outputs: Record<string, Artefact | [digest: string, Artefact]>,
): JobStage {
  return {
    kind,
    use,
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, given]) => {
        const [digest, artefact] = Array.isArray(given)
          ? given
          : [`${use}:${name}:${JSON.stringify(given).length}:${checksum(given)}`, given];
        return [name, { type: artefact.type, digest, load: async () => artefact }];
      }),
    ),
  };
}

function checksum(artefact: Artefact): number {
  return [...JSON.stringify(artefact)].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7);
}

/** Why the fake run's KID is empty. */
export const tooFew = 'KID needs more images';

export function scalars(
  values: Record<string, number | null>,
  reasons?: Record<string, string>,
): Artefact {
  return { type: 'scalars', values, ...(reasons ? { reasons } : {}) };
}

/** Digits from the bitmap font, blurred, with `grain` of noise and `fade` towards grey. */
export function digitPictures(
  title: string,
  size: number,
  channels: 1 | 3,
  grain: number,
  fade: number,
  seed: number,
): Pictures {
  const random = noise(seed);
  const items = classNames.map((label) => {
    const glyph = glyphsOf(label)[0]!;
    const pixels = new Uint8Array(size * size * channels);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const column = (x / size) * 9 - 2;
        const row = (y / size) * 10 - 1.5;
        let light = 0;
        for (let c = 0; c < 5; c++) {
          for (let r = 0; r < 7; r++) {
            if (((glyph[c] ?? 0) >> r) & 1) {
              light += Math.exp(-2 * ((c + 0.5 - column) ** 2 + (r + 0.5 - row) ** 2));
            }
          }
        }
        for (let channel = 0; channel < channels; channel++) {
          const signal = Math.min(1, light * (1 - 0.25 * channel));
          const value = signal * (1 - fade) + fade * 0.5 + grain * (random() - 0.5);
          pixels[(y * size + x) * channels + channel] = 255 * Math.min(1, Math.max(0, value));
        }
      }
    }
    return { label, pixels };
  });
  return { type: 'pictures', title, shape: [size, size, channels], items };
}

function accuracyOverTime(job: number): Series {
  const x = [5, 10, 20, 30, 40, 60, 80, 100];
  const top = [0.989, 0.961, 0.972, 0.981][job]!;
  const y = x.map((t) => Math.round(1e4 * top * (1 - Math.exp(-t / (18 - 3 * job)))) / 1e4);
  return {
    type: 'series',
    title: 'Accuracy against time-steps',
    xLabel: 'Time-steps T',
    yLabel: 'Accuracy',
    x,
    lines: [{ name: 'accuracy', y }],
  };
}

function ratesByLayer(job: number): Series {
  const x = ['conv1', 'conv2', 'conv3', 'conv4', 'fc1'];
  const y = x.map((_, layer) => Math.round(1e4 * (0.08 - 0.013 * layer + 0.004 * job)) / 1e4);
  return {
    type: 'series',
    title: 'Spike rate by layer',
    xLabel: 'Layer',
    yLabel: 'Spikes per neuron and step',
    x,
    lines: [{ name: 'rate', y }],
  };
}

function trainingLoss(job: number): Series {
  const x = Array.from({ length: 12 }, (_, epoch) => epoch + 1);
  return {
    type: 'series',
    title: 'Encryption training',
    xLabel: 'Epoch',
    yLabel: 'Loss',
    x,
    lines: [
      { name: 'total', y: x.map((e) => 0.9 * Math.exp(-e / (3 + job)) + 0.08) },
      { name: 'distillation', y: x.map((e) => (e === 7 ? null : 0.6 * Math.exp(-e / 4) + 0.04)) },
    ],
  };
}

function fakeJob(name: string, index: number, colour: boolean): JobResult {
  const spiking = index > 0;
  const [size, channels] = colour ? ([32, 3] as const) : ([28, 1] as const);
  const accuracy = [0.989, 0.958, 0.972, 0.981][index]!;
  const real = digitPictures('Real images', size, channels, 0.05, 0, 1);
  const stages: Record<string, JobStage> = {
    'real-images': stage('metric', 'class-pictures', { pictures: real }),
    ann: stage('model', 'trained-ann', {
      metrics: scalars({ parameters: 1_234_567, trainAccuracy: 0.9952, testAccuracy: 0.989 }),
      history: {
        ...trainingLoss(1),
        title: 'Training of the ANN',
        lines: [
          {
            name: 'loss',
            y: [1.2, 0.6, 0.35, 0.22, 0.16, 0.12, 0.1, 0.09, 0.08, 0.075, 0.072, 0.07],
          },
        ],
      },
    }),
    'attack1-score': stage('metric', 'attack-accuracy', {
      metrics: scalars({ attackAccuracy: [0.93, 0.91, 0.24, 0.18][index]! }),
      pictures: digitPictures(
        'Attack 1',
        size,
        channels,
        0.3 + 0.25 * index,
        0.15 * index,
        10 + index,
      ),
    }),
    accuracy: stage('metric', 'accuracy', {
      metrics: scalars({
        accuracy,
        correct: Math.round(accuracy * 1000),
        images: 1000,
        wilsonLow: accuracy - 0.012,
        wilsonHigh: accuracy + 0.009,
      }),
      ...(spiking && { curve: accuracyOverTime(index) }),
    }),
    'data-leakage': stage('metric', 'data-leakage', {
      metrics: scalars({ realImages: 0, syntheticImages: spiking ? 2000 : 0 }),
    }),
  };
  if (spiking) {
    stages['attack2-score'] = stage('metric', 'attack-accuracy', {
      metrics: scalars(
        { attackAccuracy: [0, 0.62, 0.2, 0.15][index]!, kid: null },
        { kid: tooFew },
      ),
      pictures: digitPictures('Attack 2', size, channels, 0.5 + 0.3 * index, 0.3, 30 + index),
    });
    stages.energy = stage('metric', 'energy', {
      metrics: scalars({
        integerRatio: 38.214 + 4.1 * index,
        floatRatio: 6.02 + index,
        picojoules: 8.31e6,
      }),
    });
    stages['spike-rate'] = stage('metric', 'spike-rate', {
      metrics: scalars({ mean: 0.041 + 0.003 * index }),
      layers: ratesByLayer(index),
    });
  }
  if (index > 1) {
    stages.encryption = stage('trainer', 'stbp', {
      metrics: scalars({ reconvertedAccuracy: [0, 0, 0.41, 0.36][index]!, weightChange: 0.0213 }),
      history: trainingLoss(index),
    });
  }
  return { name, axes: { method: name, seed: 7, goals: ['accuracy', 'energy'] }, stages };
}

/** A whole run: four jobs, two attacks, ten classes, grey 28 × 28 or RGB 32 × 32 pictures. */
export function fakeRun(colour = false): RunReport {
  return {
    name: 'quickstart',
    title: 'From a trained ANN to a private spiking network, on MNIST',
    description:
      'A small VGG5, trained on MNIST, becomes a spiking network without any of its training images. Encryption ' +
      'training then hides the classes in its weights.\n\nEach step is attacked in two ways: re-conversion to an ' +
      'ANN, and gradients through the spikes.',
    jobs: jobNames.map((name, index) => fakeJob(name, index, colour)),
    manifest: fakeManifest,
  };
}

const digest = '3f9a1c5be0d2478896aa01c3e5f7d9b1a2c4e6f8091b3d5f7a9c1e3b5d7f9024';

export const fakeManifest: Manifest = {
  format: 1,
  status: 'running',
  name: 'quickstart',
  experiment: 'experiments/quickstart.yaml',
  command: 'privatesnn run experiments/quickstart.yaml',
  profile: null,
  preset: null,
  seed: 7,
  started: '2026-11-21T00:30:00.000Z',
  finished: null,
  seconds: null,
  process: 4711,
  versions: { node: 'v20.20.0', '@privatesnn/core': '0.1.0' },
  git: { commit: '7aa918f0c4d1b5e6a7089f1e2d3c4b5a69788796', changed: false },
  host: { platform: 'linux', architecture: 'x64', processors: 2, memoryBytes: 8_323_000_000 },
  services: { 'spiking-engine': 'native 2 threads', 'tensor-runtime': 'embedded' },
  jobs: jobNames.map((name) => ({
    name,
    axes: { method: name, seed: 7 },
    status: 'finished',
  })),
  stages: [
    {
      stage: 'convert',
      use: '@privatesnn/plugins-converters/threshold-balancing',
      kind: 'converter',
      jobs: jobNames.slice(1),
      key: digest,
      cached: false,
      seconds: 4.21,
      computeSeconds: 4.21,
      warnings: [],
      outputs: { snn: digest },
    },
    {
      stage: 'attack2-score',
      use: '@privatesnn/plugins-metrics/attack-accuracy',
      kind: 'metric',
      jobs: ['DC'],
      key: digest,
      cached: true,
      seconds: 0,
      computeSeconds: 6.934,
      warnings: ['Class 4: no spike reached the last layer in 3 of 100 steps.'],
      outputs: { metrics: digest },
    },
  ],
  failures: [],
  error: null,
};

/** The table of the quickstart. */
export const tableExample = {
  columns: [
    {
      title: 'Accuracy',
      value: 'accuracy.metrics.accuracy',
      format: 'percent',
      interval: ['accuracy.metrics.wilsonLow', 'accuracy.metrics.wilsonHigh'],
      better: 'higher',
    },
    { title: 'Data leakage', value: 'data-leakage.metrics.realImages', format: 'flag' },
    {
      title: 'Class leakage',
      value: 'attack1-score.metrics.attackAccuracy',
      format: 'percent',
      better: 'lower',
    },
    { title: 'Samples', value: 'data-leakage.metrics.syntheticImages', format: 'integer' },
    { title: 'Energy ratio', value: 'energy.metrics.integerRatio', format: 'times' },
  ],
  published: {
    ANN: { Accuracy: 0.916 },
    DC: { Accuracy: 0.828 },
    'DC + CET': { Accuracy: 0.869, Samples: 5000 },
    'DC + CET + OD': { Accuracy: 0.892, Samples: 5000, 'Energy ratio': 55.8 },
  },
  note: 'Figures of the paper (AAAI 2022, Table 3) are of VGG16 on CIFAR-10 at T = 150: other data, another network.',
};

export const gridExample = {
  groups: [
    { title: 'Real', pictures: 'real-images.pictures' },
    { title: 'Attack 1: re-conversion', pictures: 'attack1-score.pictures' },
    { title: 'Attack 2: spike gradients', pictures: 'attack2-score.pictures' },
  ],
};
