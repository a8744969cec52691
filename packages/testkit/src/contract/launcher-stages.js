/**
 * Stages for the contract of launchers: small work that ends as its options say. Loaded as a local plugin by whatever
 * process works, so that it needs nothing of core.
 */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { z } from 'zod';

const port = (type, description) => ({ type, types: [type], optional: false, description });

const source = {
  kind: 'dataset',
  id: 'contract-source',
  version: 1,
  summary: 'Four images of one pixel.',
  options: z.strictObject({}),
  inputs: {},
  outputs: { images: port('images', 'The pixels.') },
  dependencies: {},
  create: () => ({
    run(context) {
      const random = context.random('pixels');
      const pixels = Float32Array.from({ length: 4 }, () => random.uniform());
      const labels = Int32Array.of(0, 1, 0, 1);
      const classNames = ['zero', 'one'];
      const images = { type: 'images', shape: [4, 1, 1, 1], pixels, range: [0, 1] };
      return { images: { ...images, labels, classNames, origin: 'real' } };
    },
  }),
};

const ends = {
  fine: () => undefined,
  throw: () => {
    throw new Error('thrown by the stage');
  },
  exit: () => process.exit(3),
  kill: () => process.kill(process.pid, 'SIGKILL'),
};

const work = {
  kind: 'metric',
  id: 'contract-work',
  version: 1,
  summary: 'Adds up pixels step by step, then ends.',
  options: z.strictObject({
    how: z.enum(Object.keys(ends)).default('fine').describe('How it ends.'),
    index: z.int().default(0).describe('Which of many.'),
    steps: z.int().min(0).default(0).describe('Steps of 20 ms; after each a checkpoint is saved.'),
  }),
  inputs: { images: port('images', 'Any.') },
  outputs: { metrics: port('scalars', 'The sum.') },
  dependencies: {},
  create: (_, { how, index, steps }) => ({
    async run(context, { images }) {
      let { step, value } = (await context.loadCheckpoint()) ?? { step: 0, value: index };
      context.info(`begins at ${step}`);
      for (; step < steps;) {
        context.signal.throwIfAborted();
        await sleep(20);
        value += images.pixels[step % 4];
        await context.saveCheckpoint({ step: ++step, value });
        context.progress(step, steps);
      }
      if (how !== 'fine') writeSync(1, `about to ${how}\n`);
      ends[how]();
      return { metrics: { type: 'scalars', values: { value } } };
    },
  }),
};

export default { name: 'launcher-stages', stages: [source, work] };
