// One measurement of the engine in a process of its own, so that its peak memory is its own too.
//
//   node measure.mjs '{"task": "infer", "network": "VGG9", "count": 16, "thresholds": {...}, ...}'
//
// Prints {"seconds", "peakBytes"} as JSON: the better of two runs.
import { createEngine } from '@privatesnn/spiking';

import { materials, snnOf } from './networks.mjs';
import { peakBytes } from './peak-bytes.mjs';

const request = JSON.parse(process.argv[2]);
const { task, implementation, threads, timeSteps, count, thresholds, precision, memoryBudget } =
  request;
const engine = await createEngine({ implementation, threads });
const { architecture, parameters, pixels } = materials(request, count);
const snn = snnOf(architecture, parameters, thresholds ?? {}, timeSteps);

const tasks = {
  infer: () => engine.infer({ snn, pixels, seed: 1, ...(precision ? { precision } : {}) }),
  train: async () =>
    engine.gradients({
      snn: thresholds ? snn : { ...snn, thresholds: await balanced() },
      pixels,
      seed: 1,
      surrogate: { kind: 'triangle', gamma: 1, divideByTheta: false },
      detachReset: false,
      dropout: false,
      loss: (logits) => ({ value: 0, gradient: logits.map((_, i) => ((i % 3) - 1) / 10) }),
      wanted: { parameters: true, thresholds: false, input: false },
      ...(memoryBudget ? { memoryBudget } : {}),
    }),
  balance: () => engine.balanceThresholds({ ...snn, pixels, seed: 1, scale: 0.7, percentile: 100 }),
  resimulate,
};

/** Thresholds for training, as of the bench's `conversion`. */
async function balanced() {
  const request = { ...snn, pixels, seed: 1, scale: 0.3, percentile: 100 };
  return (await engine.balanceThresholds(request)).thresholds;
}

/** Threshold balancing as it is usually done: for each layer, everything before it again from the input. */
async function resimulate() {
  const names = architecture.layers.filter((layer) => layer.name).map(({ name }) => name);
  for (const name of names.slice(0, -1)) {
    const end = architecture.layers.findIndex((layer) => layer.name === name) + 1;
    // The layer in question as a read-out: its currents are computed, and nothing after it.
    const layers = architecture.layers.slice(0, end);
    const snn = snnOf({ ...architecture, layers }, parameters, thresholds, timeSteps);
    await engine.infer({ snn, pixels, seed: 1 });
  }
}

let best = Infinity;
for (let run = 0; run < 2; run++) {
  const start = performance.now();
  await tasks[task]();
  best = Math.min(best, (performance.now() - start) / 1000);
}
await engine.close();
console.log(JSON.stringify({ seconds: best, peakBytes: peakBytes() }));
