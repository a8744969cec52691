/** A plugin of small stages for the tests of core: every kind, no tensors, quick. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';

import { z } from 'zod';

const classNames = ['zero', 'one'];
const log = z.string().default('').describe('File to which every computation adds a line.');
const port = (types, optional = false) => ({ types, optional, description: 'an input' });
const gives = (type) => ({ type, description: 'an output' });
const note = (options, context, what = '') => {
  if (options.log) appendFileSync(options.log, `${context.stage}${what}\n`);
};

function stage(kind, id, inputs, outputs, options, run, extra = {}) {
  return {
    kind,
    id,
    version: 1,
    summary: `A fake ${kind}.`,
    options: z.strictObject({ log, ...options }),
    inputs,
    outputs,
    dependencies: {},
    create: (dependencies, resolved) => ({
      run: async (context, given) => {
        note(resolved, context);
        return run(given, resolved, context, dependencies);
      },
      ...extra.fingerprint?.(resolved),
    }),
    ...extra.definition,
  };
}

function images(values, origin) {
  return {
    type: 'images',
    shape: [values.length, 1, 1, 1],
    pixels: Float32Array.from(values),
    range: [0, 1],
    labels: Int32Array.from(values, (_, index) => index % 2),
    classNames,
    origin,
  };
}

const architecture = {
  name: 'fake',
  inputShape: [1, 1, 1],
  classes: 2,
  layers: [{ kind: 'dense', name: 'fc', inputs: 1, outputs: 2, bias: false }],
};

function network(type, weights, more) {
  const parameters = { 'fc.weight': { shape: [1, 2], data: Float32Array.from(weights) } };
  return { type, architecture, parameters, classNames, ...more };
}

const ann = (weights) => network('ann', weights, { inputRange: [0, 1] });
const snn = (weights) =>
  network('snn', weights, {
    thresholds: {},
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [0, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: 4,
  });
const weightsOf = (net) => net.parameters['fc.weight'].data;
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const fakeImages = stage(
  'dataset',
  'fake-images',
  {},
  { images: gives('images') },
  {
    count: z.int().min(1).max(1000).default(4).describe('Number of images.'),
    split: z.enum(['train', 'test']).default('train').describe('Which part.'),
  },
  (_, { count }, context) => {
    const random = context.random('pixels');
    return {
      images: images(
        Array.from({ length: count }, () => random.uniform()),
        'real',
      ),
    };
  },
);

const fakeAnn = stage(
  'model',
  'fake-ann',
  { images: port(['images'], true) },
  { ann: gives('ann'), curve: gives('series') },
  { file: z.string().default('').describe('File to read the weights from.') },
  (_, { file }, context) => {
    const weights = file ? JSON.parse(readFileSync(context.resolvePath(file), 'utf8')) : [1, 2];
    return {
      ann: ann(weights),
      curve: { type: 'series', title: 'Loss', xLabel: 'epoch', yLabel: 'loss', x: [1], lines: [] },
    };
  },
  {
    definition: { needs: ({ file }) => (file ? [{ what: 'weights', path: file }] : []) },
    fingerprint: ({ file }) => ({
      fingerprint: async (context) => (file ? readFileSync(context.resolvePath(file), 'utf8') : ''),
    }),
  },
);

const fakeGenerator = stage(
  'generator',
  'fake-generator',
  { ann: port(['ann']) },
  { images: gives('images') },
  { count: z.int().min(1).default(3).describe('Number of images.') },
  (_, { count }, context) => {
    const random = context.random('noise');
    return {
      images: images(
        Array.from({ length: count }, () => random.uniform()),
        'synthetic',
      ),
    };
  },
);

const fakeConverter = stage(
  'converter',
  'fake-converter',
  { ann: port(['ann']), images: port(['images']) },
  { snn: gives('snn') },
  {
    timeSteps: z.int().min(1).default(100).describe('T, the number of time-steps.'),
    scale: z.number().gt(0).default(0.7).describe('Factor on every threshold.'),
  },
  (given, { scale }) => ({ snn: snn([...weightsOf(given.ann)].map((weight) => weight * scale)) }),
);

/** Works in steps with checkpoints, so that tests can stop it in between. */
const fakeTrainer = stage(
  'trainer',
  'fake-trainer',
  { snn: port(['snn']), images: port(['images']), teacher: port(['ann'], true) },
  { snn: gives('snn'), epochs: gives('scalars') },
  {
    steps: z.int().min(1).default(2).describe('Number of steps.'),
    milliseconds: z.number().min(0).default(0).describe('Pause after each step.'),
    deaf: z.boolean().default(false).describe('Whether it ignores the signal.'),
    busy: z.boolean().default(false).describe('Whether it keeps the process busy for a minute.'),
    taught: z.boolean().default(false).describe('Whether it asks for a teacher.'),
  },
  async (given, options, context) => {
    const state = (await context.loadCheckpoint()) ?? { step: 0, weights: weightsOf(given.snn) };
    let { step, weights } = state;
    for (const end = Date.now() + 60_000; options.busy && Date.now() < end;);
    for (; step < options.steps; step++) {
      if (!options.deaf) context.signal.throwIfAborted();
      note(options, context, ` step ${step}`);
      weights = weights.map((weight) => weight + 1);
      context.progress(step + 1, options.steps, `step ${step + 1}`);
      await context.saveCheckpoint({ step: step + 1, weights });
      await sleep(options.milliseconds);
    }
    return { snn: snn(weights), epochs: { type: 'scalars', values: { steps: step } } };
  },
  {
    definition: {
      check: ({ taught }, connected) =>
        taught && !connected.has('teacher')
          ? [
              {
                name: 'UserError',
                errorClass: 'configuration',
                code: 'FAKE_CHECK',
                message: 'Mistake.',
                option: 'taught',
              },
            ]
          : [],
    },
  },
);

const fakeAttacker = stage(
  'attacker',
  'fake-attacker',
  { victim: port(['snn', 'ann']) },
  { images: gives('images') },
  {},
  (given) => ({
    images: images(
      Array.from(weightsOf(given.victim), (w) => Math.abs(Math.tanh(w))),
      'synthetic',
    ),
  }),
);

/** Counts the datasets behind a network, as the data-leakage metric does. */
const fakeLineage = (id, definition) =>
  stage(
    'metric',
    id,
    { network: port(['snn', 'ann']) },
    { metrics: gives('scalars') },
    {},
    (_, __, context) => {
      const names = context.ancestors('network');
      context.record('ancestors', { names });
      const datasets = names.filter(({ kind }) => kind === 'dataset').length;
      return { metrics: { type: 'scalars', values: { datasets } } };
    },
    { definition },
  );

const fakeAccuracy = stage(
  'metric',
  'fake-accuracy',
  { network: port(['snn', 'ann']), images: port(['images']) },
  { metrics: gives('scalars') },
  {},
  (given) => ({
    metrics: { type: 'scalars', values: { accuracy: weightsOf(given.network)[0], unknown: null } },
  }),
);

const badly = () => {
  throw new Error('thrown by a timer');
};

const fakeFailure = stage(
  'metric',
  'fake-failure',
  { images: port(['images']) },
  { metrics: gives('scalars') },
  {
    how: z.string().default('throw').describe('How it fails.'),
    file: z.string().default('').describe('File to which it writes its process id.'),
  },
  async (_, { how, file }) => {
    console.log(`about to ${how}`);
    const before = existsSync(file);
    if (file) writeFileSync(file, String(process.pid));
    if (how === 'throw' || (how === 'once' && !before)) throw new Error('the fake failure');
    if (how === 'nothing') throw null;
    if (how === 'exit0') process.exit(0);
    if (how === 'exit3') process.exit(3);
    if (how === 'abort') process.abort();
    if (how === 'kill') process.kill(process.pid, 'SIGKILL');
    if (how === 'heap') for (const kept = []; ;) kept.push(new Array(1e5).fill(kept.length / 3));
    if (how === 'late') setTimeout(() => badly(), 10);
    if (how === 'late') await sleep(60_000);
    while (how === 'loop');
    const metrics = { type: how === 'type' ? 'series' : 'scalars', values: { accuracy: 1 } };
    return { metrics: how === 'extra' ? { ...metrics, images: 1 } : metrics };
  },
);

const fakeService = stage(
  'metric',
  'fake-service',
  { images: port(['images']) },
  { metrics: gives('scalars') },
  {},
  (_, __, ___, { counter }) => ({ metrics: { type: 'scalars', values: { made: counter.made } } }),
  { definition: { dependencies: { counter: { name: 'counter', description: 'counts' } } } },
);

const fakeReporter = {
  kind: 'reporter',
  id: 'fake-reporter',
  version: 1,
  summary: 'Prints a line a job.',
  options: z.strictObject({
    fail: z.boolean().default(false).describe('Whether it fails.'),
    exit: z.boolean().default(false).describe('Whether it ends the process as if all were well.'),
    path: z.string().default('report.txt').describe('The file that it writes.'),
  }),
  create: ({ fail, exit, path }) => ({
    async report(context, run) {
      if (fail) throw new Error('the fake reporter failed');
      if (exit) process.exit(0);
      const lines = [];
      for (const job of run.jobs) {
        const metrics = await job.stages.accuracy?.outputs.metrics.load();
        lines.push(`${job.name}: ${metrics?.values.accuracy}`);
      }
      context.print(lines.join('\n'));
      await context.writeFile(path, `${lines.join('\n')}\n`);
    },
  }),
};

export default {
  name: 'fake-plugin',
  stages: [
    fakeImages,
    fakeAnn,
    fakeGenerator,
    fakeConverter,
    fakeTrainer,
    fakeAttacker,
    fakeAccuracy,
    fakeLineage('fake-lineage', { readsAncestors: true }),
    fakeLineage('fake-undeclared', {}),
    fakeFailure,
    fakeService,
  ],
  reporters: [fakeReporter],
};
