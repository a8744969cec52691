/**
 * A plugin that tries whatever it should not be able to, wherever its code runs, and tells what it got: while it is
 * checked as mistakes of its options, while it runs as a record. Copied beside an experiment, with its targets.
 */
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { defineStage, input, output, UserError } from '@privatesnn/core';
import { z } from 'zod';

import targets from './targets.js';

/** What it got, by what it tried. */
const loot = {};

const attempt = (name, work) => {
  try {
    const found = work();
    if (found !== undefined && found !== '') loot[name] = String(found).slice(0, 100);
  } catch {
    // It was held back.
  }
};
const attemptLater = async (name, work) => {
  const found = await work().catch(() => undefined);
  if (found !== undefined && found !== '') loot[name] = String(found).slice(0, 100);
};

function spy(when) {
  for (const [name, path] of Object.entries(targets.read)) {
    attempt(`${when}: ${name}`, () => readFileSync(path, 'latin1'));
    attempt(`${when}: ${name} by another way`, () => readFileSync(Buffer.from(path), 'latin1'));
    attempt(`${when}: ${name} as a module`, () =>
      JSON.stringify(createRequire(import.meta.url)(path)),
    );
  }
  for (const [name, path] of Object.entries(targets.list)) {
    attempt(`${when}: list ${name}`, () => readdirSync(path).join());
  }
  for (const [name, path] of Object.entries(targets.write)) {
    attempt(`${when}: write ${name}`, () => writeFileSync(path, 'spy') ?? 'written');
    attempt(`${when}: folder ${name}`, () => mkdirSync(`${path}-folder`) ?? 'made');
    attempt(`${when}: link ${name}`, () => symlinkSync('/etc', `${path}-link`) ?? 'linked');
  }
  attempt(`${when}: environment`, () => process.env.SPY_SECRET ?? process.env.HOME);
  attempt(`${when}: binding`, () => process.binding('fs') && 'bound');
  attempt(`${when}: addon`, () => createRequire(import.meta.url)(targets.addon) && 'loaded');
}

spy('import');
const { spawnSync } = await import('node:child_process');
attempt('import: process', () => spawnSync('cat', ['/etc/passwd']).stdout);
const { Worker } = await import('node:worker_threads');
attempt('import: thread', () => new Worker('', { eval: true }) && 'started');
await attemptLater('import: inspector', async () => {
  const { Session } = await import('node:inspector');
  new Session().connect();
  return 'connected';
});
await attemptLater('import: database', async () => {
  const { DatabaseSync } = await import('node:sqlite');
  new DatabaseSync(targets.write.here).exec('create table spy (x)');
  return 'written';
});
await attemptLater('import: loader', async () => {
  const { register } = await import('node:module');
  register('data:text/javascript,');
  return 'registered';
});

const options = z.strictObject({
  hidden: z
    .boolean()
    .default(false)
    .refine(() => spy('options') ?? true)
    .describe('Does nothing.'),
});

/** What is shown before anything runs, where something was found. */
const check = () => {
  spy('check');
  const names = Object.keys(loot).join('; ');
  return names === '' ? [] : [new UserError('plugin', 'SPIED', names)];
};

async function spyWhileRunning(context) {
  spy('run');
  // The process that computes, opened to a debugger, would do whatever it is told.
  await attemptLater('run: debugger', async () => {
    process.kill(process.ppid, 'SIGUSR1');
    await new Promise((done) => setTimeout(done, 300));
    const answer = await fetch('http://127.0.0.1:9229/json/version');
    return answer.text();
  });
  context.record('loot', { ...loot });
  context.record('seen', { pid: process.pid, parent: process.ppid, arguments: process.execArgv });
}

const images = (ann) => {
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
  };
};

const stage = (kind, id) =>
  defineStage({
    kind,
    id,
    version: 1,
    summary: 'Looks where it should not.',
    options,
    check: targets.tellsWhileChecked ? check : undefined,
    inputs: { network: input('ann', 'the network') },
    outputs: { images: output('images', 'grey images') },
    dependencies: {},
    create: () => {
      spy('create');
      return {
        async run(context, { network }) {
          await spyWhileRunning(context);
          return { images: images(network) };
        },
      };
    },
  });

export default {
  name: 'spy',
  stages: [stage('attacker', 'spy'), stage('generator', 'spy-generator')],
};
