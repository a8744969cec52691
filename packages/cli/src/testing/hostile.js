/** Stages that break rules while they run isolated: one for each way. Copied beside an experiment. */
import { readFileSync, writeFileSync, writeSync } from 'node:fs';

import { defineStage, encode, input, output } from '@privatesnn/core';
import { z } from 'zod';

const grey = (ann, more = {}) => {
  const [height, width, channels] = ann.architecture.inputShape;
  const classes = ann.classNames.length;
  return {
    type: 'images',
    shape: [classes, height, width, channels],
    pixels: new Float32Array(classes * height * width * channels),
    range: ann.inputRange,
    labels: Int32Array.from({ length: classes }, (_, label) => label),
    classNames: ann.classNames,
    origin: 'synthetic',
    ...more,
  };
};
const tell = (text) => writeSync(3, text);
const forge = (outputs) => {
  writeFileSync('outputs', Buffer.concat(encode(outputs).chunks));
  tell('{"type":"done"}\n');
};
const forever = () => new Promise(() => setInterval(() => undefined, 1000));

const ways = {
  hidden: (context, ann) => ({ images: grey(ann, { stash: [1, 2, 3] }) }),
  forged: async (context, ann) => {
    forge({ images: grey(ann, { stash: [1, 2, 3] }) });
    await forever();
  },
  'forged-port': async (context, ann) => {
    forge({ images: grey(ann), more: grey(ann) });
    await forever();
  },
  'no-file': async () => {
    tell('{"type":"done"}\n');
    await forever();
  },
  'no-artefact': async () => {
    writeFileSync('outputs', 'PSNNART1'.padEnd(400, '\u0000'));
    tell('{"type":"done"}\n');
    await forever();
  },
  babble: async () => {
    tell('hello\n');
    await forever();
  },
  unknown: async () => {
    tell('{"type":"outcome","outcome":{"status":"finished"}}\n');
    await forever();
  },
  flood: async () => {
    for (;;) tell('x'.repeat(2 ** 16));
  },
  deep: async () => {
    tell(`{"type":"record","event":"x","data":{"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}}\n`);
    await forever();
  },
  read: async () => readFileSync('/etc/passwd'),
  exit: () => process.exit(0),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  throw: () => {
    throw null;
  },
  busy: async (context) => {
    context.record('seen', { pid: process.pid, parent: process.ppid });
    await new Promise((done) => setTimeout(done, 100));
    for (;;);
  },
};

export default defineStage({
  kind: 'attacker',
  id: 'hostile',
  version: 1,
  summary: 'Breaks a rule.',
  options: z.strictObject({
    way: z.enum(Object.keys(ways)).default('hidden').describe('Which.'),
    steps: z.int().min(1).max(5).default(1).describe('None.'),
  }),
  inputs: { network: input('ann', 'the network') },
  outputs: { images: output('images', 'grey images') },
  dependencies: {},
  create: (_, { way }) => ({
    run: async (context, { network }) => ways[way](context, network),
  }),
});
