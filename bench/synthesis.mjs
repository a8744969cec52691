// Measures image synthesis, Adam on the pixels of a batch through a network with frozen weights, on the embedded tensor
// runtime and in PyTorch where a Python with it is named, in one run.
//
//   npm run bench:synthesis -- [--networks VGG16] [--batch 50] [--iterations 20] [--threads 1,2] [--rounds 3]
//                              [--python PYTHON] [--write docs/performance.md]
//
// An iteration jitters the images, takes their cross-entropy and its gradient with respect to them, makes a step of
// Adam and clips them. Everything is measured in turns, in a process of its own; of all turns the fastest iteration counts,
// as the one that other work on the machine disturbed least.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { randomStream } from '@privatesnn/core';
import {
  createTensorRuntime,
  frozenAnn,
  optimiseImages,
  tensorLoss,
} from '@privatesnn/runtime-tfjs';

import { materials } from './networks.mjs';
import { machineLine, markdownTable, writePart } from './page.mjs';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'VGG16' },
    batch: { type: 'string', default: '50' },
    iterations: { type: 'string', default: '20' },
    threads: { type: 'string', default: '1,2' },
    rounds: { type: 'string', default: '3' },
    python: { type: 'string' },
    write: { type: 'string' },
    only: { type: 'string' },
  },
});
const [batch, iterations] = [Number(values.batch), Number(values.iterations)];
const warmUps = 2;
if (values.only) console.log(JSON.stringify(await ownRate(values.only)));
else compare();

/** Images by the seconds of the fastest iteration of this process's runtime, the first two left out. */
async function ownRate(network) {
  const { tf, description } = await createTensorRuntime();
  const { architecture, parameters, pixels } = materials({ network }, batch);
  const ann = frozenAnn(tf, { architecture, parameters }, batch);
  const wanted = tf.oneHot(
    Array.from({ length: batch }, (_, i) => i % 10),
    10,
  );
  const seconds = [];
  let start = performance.now();
  await optimiseImages(tf, {
    pixels,
    shape: [batch, ...architecture.inputShape],
    evaluate: tensorLoss(tf, architecture.inputShape, (x) =>
      tf.neg(tf.sum(tf.mul(wanted, tf.logSoftmax(ann.forward(x))), 1)),
    ),
    optimizer: 'adam',
    learningRate: 0.02,
    iterations: warmUps + iterations,
    range: [-1, 1],
    projection: 'clip',
    jitter: { shift: 3, flip: true },
    random: randomStream(1),
    onIteration: () => {
      const now = performance.now();
      seconds.push((now - start) / 1000);
      start = now;
    },
  });
  return { mode: description, rate: batch / Math.min(...seconds.slice(warmUps)) };
}

function compare() {
  const rows = [];
  for (const network of values.networks.split(',')) {
    for (const threads of values.threads.split(',')) {
      const embedded = { PRIVATESNN_TENSORS: 'embedded', PRIVATESNN_THREADS: threads };
      const self = [fileURLToPath(import.meta.url), '--only', network];
      const own = (environment) => () =>
        measure(process.execPath, self, { ...embedded, ...environment });
      const peer = fileURLToPath(new URL('peers/synthesis_bench.py', import.meta.url));
      const runs = [
        ...(values.python
          ? [() => measure(values.python, [peer, '--network', network, '--threads', threads])]
          : []),
        own({}),
        // An instruction set that no processor has: WebAssembly.
        own({ PRIVATESNN_SIMD: 'none' }),
      ];
      const best = runs.map(() => ({ rate: 0 }));
      for (let round = 0; round < Number(values.rounds); round++) {
        runs.forEach((run, i) => {
          const found = run();
          if (found.rate > best[i].rate) best[i] = found;
        });
      }
      best.forEach(({ mode, rate }, i) => {
        const what = values.python && i === 0 ? `PyTorch, ${mode}` : mode;
        const ratio = values.python ? `${(rate / best[0].rate).toFixed(2)}×` : '';
        rows.push([network, threads, what, rate.toFixed(1), ratio]);
      });
    }
  }
  const columns = ['network', 'threads', 'engine', 'images · iterations / s', 'PyTorch = 1'];
  const text = `${markdownTable(columns, rows)}\n\nBatch ${batch}. ${machineLine()}`;
  console.log(text);
  if (values.write) writePart(values.write, 'synthesis', text);
}

function measure(command, args, environment = {}) {
  const sizes = ['--batch', values.batch, '--iterations', values.iterations];
  const output = execFileSync(command, [...args, ...sizes], {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
  return JSON.parse(output.trim().split('\n').at(-1));
}
