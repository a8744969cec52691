// Stages for measuring the runner: small work of a known size, in steps with checkpoints.
import { defineReporter, definePlugin, defineStage, input, output } from '@privatesnn/core';
import { z } from 'zod';

const classNames = ['zero', 'one'];

const source = defineStage({
  kind: 'dataset',
  id: 'work-source',
  version: 1,
  summary: 'A few pixels.',
  options: z.strictObject({}),
  inputs: {},
  outputs: { images: output('images', 'Eight images of one pixel.') },
  dependencies: {},
  create: () => ({
    run(context) {
      const random = context.random('pixels');
      const pixels = Float32Array.from({ length: 8 }, () => random.uniform());
      const labels = Int32Array.from(pixels, (_, index) => index % 2);
      const shape = [8, 1, 1, 1];
      const images = { type: 'images', shape, pixels, range: [0, 1], labels, classNames };
      return Promise.resolve({ images: { ...images, origin: 'real' } });
    },
  }),
});

const spin = defineStage({
  kind: 'metric',
  id: 'work-spin',
  version: 1,
  summary: 'Keeps one core busy, in steps.',
  options: z.strictObject({
    index: z.int().default(0).describe('Which of many.'),
    steps: z.int().min(1).default(1).describe('How many steps; after each a checkpoint is saved.'),
    spins: z.int().min(0).default(0).describe('How many rounds of arithmetic a step takes.'),
    pause: z.number().min(0).default(0).describe('Milliseconds of sleep a step.'),
  }),
  inputs: { images: input('images', 'Any.') },
  outputs: { metrics: output('scalars', 'value') },
  dependencies: {},
  resources: () => ({ threads: 1 }),
  create: (_, { index, steps, spins, pause }) => ({
    async run(context, { images }) {
      let { step, value } = (await context.loadCheckpoint()) ?? { step: 0, value: index + 1 };
      for (; step < steps;) {
        context.signal.throwIfAborted();
        for (let i = 0; i < spins; i++) value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) + i;
        value = (value + Math.round(images.pixels[step % 8] * 1e6)) | 0;
        if (pause > 0) await new Promise((done) => setTimeout(done, pause));
        step++;
        context.progress(step, steps);
        if (steps > 1) await context.saveCheckpoint({ step, value });
      }
      return { metrics: { type: 'scalars', values: { value } } };
    },
  }),
});

const sum = defineStage({
  kind: 'metric',
  id: 'work-sum',
  version: 1,
  summary: 'Twice a value.',
  options: z.strictObject({}),
  inputs: { metrics: input('scalars', 'Of work-spin.') },
  outputs: { metrics: output('scalars', 'value') },
  dependencies: {},
  create: () => ({
    run: (context, { metrics }) => {
      context.signal.throwIfAborted();
      const { value } = metrics.values;
      return Promise.resolve({ metrics: { type: 'scalars', values: { value: 2 * value } } });
    },
  }),
});

const silent = defineReporter({
  kind: 'reporter',
  id: 'work-count',
  version: 1,
  summary: 'Writes how many jobs have finished.',
  options: z.strictObject({}),
  create: () => ({
    report: (context, run) => context.writeFile('count.txt', `${run.jobs.length}\n`),
  }),
});

export default definePlugin({
  name: 'bench-work',
  stages: [source, spin, sum],
  reporters: [silent],
});
