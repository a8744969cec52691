// Measures the engine, SpikingJelly where a Python with it is named, and dense TensorFlow where it is installed, in
// one run; prints tables in Markdown.
//
//   npm run bench -- [--networks VGG9,VGG16] [--activities conversion,0.02,0.05] [--threads 1,2]
//                    [--implementations native,wasm] [--tasks infer,train,few,balance] [--python PATH]
//                    [--weights VGG16.safetensors --images CIFAR-10.bin] [--write docs/performance.md]
//
// Tasks are infer, train, few (inference and training over few time-steps), balance; and `reference`, which compares
// with the engine in plain TypeScript. With --write each table goes to its place of the page too, as soon as it is there,
// and at the end what was reached of the goals in goals.mjs.
//
// Every measurement is the better of two runs in a process of its own. Activity is the part of the neurons that
// spikes at a time-step: forced to a number in every layer; or `conversion`, what threshold balancing at scale
// 0.7 gives (0.3 for training, where few time-steps must reach the last layer). Weights are random; with --weights
// and --images there is also `trained`, the conversion of that VGG16 on those images.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createEngine, engineInfo } from '@privatesnn/spiking';

import { fewGoals, goals, goalsTable } from './goals.mjs';
import { materials, snnOf, thresholdsFor } from './networks.mjs';
import { machineLine, markdownTable, writePart } from './page.mjs';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'VGG9,VGG16' },
    activities: { type: 'string', default: 'conversion,0.01,0.02,0.05,0.1,0.2' },
    threads: { type: 'string', default: '1,2' },
    implementations: { type: 'string', default: 'native,wasm' },
    tasks: { type: 'string', default: 'infer,train,few,balance' },
    python: { type: 'string' },
    weights: { type: 'string' },
    images: { type: 'string' },
    write: { type: 'string' },
  },
});
const list = (text) => text.split(',').filter(Boolean);
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const available = engineInfo().filter(({ available }) => available);
const implementations = list(values.implementations).filter((name) =>
  available.some(({ implementation }) => implementation === name),
);
const threadCounts = list(values.threads).map(Number);
const inferenceSteps = 100;
const trainingSteps = 32;
const trainingBatch = 16;
/** Few time-steps, as networks have that are trained for them. */
const fewSteps = { infer: [4, 8, 16], train: [4, 8] };

function measure(task) {
  const args = [file('measure.mjs'), JSON.stringify(task)];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

/** Inference with dense convolutions on one thread of TensorFlow; undefined where it is not installed. */
function measureDense(task) {
  const args = [file('tensor-loop.mjs'), JSON.stringify(task)];
  const threads = { TF_NUM_INTRAOP_THREADS: '1', TF_NUM_INTEROP_THREADS: '1' };
  const env = { ...process.env, ...threads, PRIVATESNN_TENSORS: 'tensorflow' };
  try {
    const output = execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe', env });
    return JSON.parse(output.trim().split('\n').at(-1));
  } catch (error) {
    if (/TENSORFLOW_MISSING/.test(error.stderr)) return undefined;
    throw error;
  }
}

/** The best of SpikingJelly's modes, or undefined without a Python. */
function measurePeer(network, threads, { train, timeSteps }) {
  if (!values.python) return undefined;
  const modes = ['single-step', 'multi-step', 'multi-step channels-last'];
  const results = modes.map((mode) => {
    const args = [file('peers/spikingjelly_bench.py'), '--network', network, '--mode', mode];
    args.push('--threads', String(threads), '--batch', String(trainingBatch));
    args.push('--time-steps', String(timeSteps));
    if (train) args.push('--train');
    return { mode, ...JSON.parse(execFileSync(values.python, args, { encoding: 'utf8' })) };
  });
  return results.reduce((a, b) => (b.seconds < a.seconds ? b : a));
}

/** Dense TensorFlow's loops over time-steps, or undefined where it is not installed. */
function measureTensorFlow(network, threads, task, batch = trainingBatch) {
  const timeSteps = task === 'train' ? trainingSteps : inferenceSteps;
  const request = JSON.stringify({ network, timeSteps, batch, task });
  const env = { ...process.env, TF_NUM_INTRAOP_THREADS: threads, TF_NUM_INTEROP_THREADS: 1 };
  try {
    const args = [file('peers/tfjs-loops.mjs'), request];
    return JSON.parse(
      execFileSync(process.execPath, args, { encoding: 'utf8', stdio: 'pipe', env }),
    );
  } catch (error) {
    const why = /^\w*Error: (.*)$/m.exec(error.stderr)?.[1] ?? error.message;
    console.error(`TensorFlow is left out: ${why}`);
    return undefined;
  }
}

/** What is measured with: for each activity the network and its thresholds. */
async function casesOf(network, timeSteps, scale) {
  const engine = await createEngine({ threads: 2 });
  const converted = async (source) => {
    const { architecture, parameters, pixels } = materials(source, 40);
    const snn = snnOf(architecture, parameters, {}, timeSteps);
    const request = { ...snn, pixels, seed: 1, scale, percentile: 100 };
    return { ...source, thresholds: (await engine.balanceThresholds(request)).thresholds };
  };
  const cases = [];
  if (network === 'VGG16' && values.weights && values.images) {
    const { weights, images } = values;
    cases.push({ activity: 'trained', ...(await converted({ network, weights, images })) });
  }
  for (const activity of list(values.activities)) {
    if (activity === 'conversion') {
      cases.push({ activity, ...(await converted({ network })) });
      continue;
    }
    const { architecture, parameters } = materials({ network }, 1);
    const rate = Number(activity);
    const thresholds = await thresholdsFor(engine, architecture, parameters, rate, timeSteps);
    cases.push({ activity, network, thresholds });
  }
  await engine.close();
  return cases;
}

const ratio = (a, b) => (b === undefined ? '' : `${(a / b).toFixed(1)}×`);
/** What was measured, for the goals. */
const records = [];

let columns = [];
let rows = [];
const print = (cells) => console.log(`| ${cells.join(' | ')} |`);
const row = (...cells) => {
  rows.push(cells);
  print(cells);
};
const table = (title, ...names) => {
  [columns, rows] = [names, []];
  console.log(`\n### ${title}\n`);
  print(names);
  print(names.map(() => '---'));
};
/** Puts the table into its place of the page. */
const keep = (name) => {
  const text = `${markdownTable(columns, rows)}\n\n${machine}`;
  if (values.write) writePart(values.write, name, text);
};

function inference(network, cases) {
  const columns = ['threads', 'activity', 'engine', 'images/s', 'SpikingJelly = 1'];
  table(`${network}: inference, T = ${inferenceSteps}`, ...columns);
  for (const threads of threadCounts) {
    const peer = measurePeer(network, threads, { train: false, timeSteps: inferenceSteps });
    const peerSpeed = peer && trainingBatch / peer.seconds;
    if (peer) row(threads, 'any', `SpikingJelly, ${peer.mode}`, peerSpeed.toFixed(1), '');
    const dense = measureTensorFlow(network, threads, 'infer');
    const denseSpeed = dense && trainingBatch / dense.seconds;
    if (dense) {
      const what = 'TensorFlow (tfjs-node), dense';
      row(threads, 'any', what, denseSpeed.toFixed(1), ratio(denseSpeed, peerSpeed));
    }
    for (const { activity, ...task } of cases) {
      for (const implementation of implementations) {
        for (const precision of ['float', 'integer']) {
          const count = (implementation === 'native' ? 48 : 12) * threads;
          const how = { implementation, threads, precision, count, timeSteps: inferenceSteps };
          const { seconds } = measure({ task: 'infer', ...how, ...task });
          const speed = count / seconds;
          const what = `${implementation}, ${precision}`;
          row(threads, activity, what, speed.toFixed(1), ratio(speed, peerSpeed));
          const found = { task: 'infer', network, threads, activity, implementation, precision };
          records.push({ ...found, speed, ratio: speed / peerSpeed });
        }
      }
    }
  }
  keep(`${network} infer`);
}

function training(network, cases) {
  const columns = ['threads', 'activity', 'engine', 's', 'peak MB'];
  columns.push('faster than SpikingJelly', 'less memory');
  table(`${network}: training step, T = ${trainingSteps}, batch ${trainingBatch}`, ...columns);
  for (const threads of threadCounts) {
    const peer = measurePeer(network, threads, { train: true, timeSteps: trainingSteps });
    const megabytes = (bytes) => (bytes / 1e6).toFixed(0);
    if (peer) {
      const what = `SpikingJelly, ${peer.mode}`;
      row(threads, 'any', what, peer.seconds.toFixed(2), megabytes(peer.peakBytes), '', '');
    }
    const dense = measureTensorFlow(network, threads, 'train');
    if (dense) {
      const ratios = peer
        ? [ratio(peer.seconds, dense.seconds), ratio(peer.peakBytes, dense.peakBytes)]
        : ['', ''];
      const what = 'TensorFlow (tfjs-node), dense';
      row(threads, 'any', what, dense.seconds.toFixed(2), megabytes(dense.peakBytes), ...ratios);
    }
    for (const { activity, ...task } of cases) {
      for (const implementation of implementations) {
        const how = { implementation, threads, count: trainingBatch, timeSteps: trainingSteps };
        const { seconds, peakBytes } = measure({ task: 'train', ...how, ...task });
        const ratios = peer
          ? [ratio(peer.seconds, seconds), ratio(peer.peakBytes, peakBytes)]
          : ['', ''];
        row(threads, activity, implementation, seconds.toFixed(2), megabytes(peakBytes), ...ratios);
        const found = { task: 'train', network, threads, activity, implementation };
        const ratiosToPeer = peer && {
          ratio: peer.seconds / seconds,
          memory: peer.peakBytes / peakBytes,
        };
        records.push({ ...found, ...ratiosToPeer });
      }
    }
  }
  keep(`${network} train`);
}

/** Inference and a training step over few time-steps, native, on one thread. */
async function overFewSteps(network) {
  const columns = ['work', 'time-steps', 'activity', 'engine', 'ms / image', 'SpikingJelly = 1'];
  table(`${network}: few time-steps, 1 thread`, ...columns);
  const [threads, implementation] = [1, 'native'];
  const add = (task, what, { timeSteps, activity, engine, seconds, peer, ...found }) => {
    const milliseconds = (1000 * seconds).toFixed(2);
    row(what, timeSteps, activity, engine, milliseconds, peer ? ratio(peer, seconds) : '');
    if (peer) records.push({ task, network, timeSteps, activity, ratio: peer / seconds, ...found });
  };
  for (const timeSteps of fewSteps.infer) {
    const found = measurePeer(network, threads, { train: false, timeSteps });
    const peer = found && found.seconds / trainingBatch;
    const what = { timeSteps, activity: 'any', engine: `SpikingJelly, ${found?.mode}` };
    if (found) add('few peer', 'inference', { ...what, seconds: peer });
    // So many images that each measurement takes about as long.
    const count = Math.round((48 * inferenceSteps) / timeSteps);
    for (const { activity, ...task } of await forcedCases(network, timeSteps)) {
      for (const precision of ['float', 'integer']) {
        const how = { implementation, threads, precision, count, timeSteps };
        const seconds = measure({ task: 'infer', ...how, ...task }).seconds / count;
        const engine = `native, ${precision}`;
        add('few', 'inference', { timeSteps, activity, engine, seconds, peer, precision });
      }
    }
  }
  for (const timeSteps of fewSteps.train) {
    const found = measurePeer(network, threads, { train: true, timeSteps });
    const peer = found && found.seconds / trainingBatch;
    const what = { timeSteps, activity: 'any', engine: `SpikingJelly, ${found?.mode}` };
    if (found) add('few peer', 'training step', { ...what, seconds: peer });
    for (const { activity, ...task } of await forcedCases(network, timeSteps)) {
      const how = { implementation, threads, count: trainingBatch, timeSteps };
      const seconds = measure({ task: 'train', ...how, ...task }).seconds / trainingBatch;
      add('few train', 'training step', { timeSteps, activity, engine: 'native', seconds, peer });
    }
  }
  keep(`${network} few`);
}

/** The cases whose activity is forced to 5 or 10 %. */
async function forcedCases(network, timeSteps) {
  const cases = await casesOf(network, timeSteps, 0.7);
  return cases.filter(({ activity }) => ['0.05', '0.1'].includes(activity));
}

function balancing(network, cases) {
  const columns = ['activity', 'engine', 's for 100 images', 'faster than simulating again'];
  table(`${network}: threshold balancing, T = ${inferenceSteps}, 2 threads`, ...columns);
  // Few images: TensorFlow keeps a layer's currents of all of them at all time-steps.
  const few = 4;
  const dense = measureTensorFlow(network, 2, 'balance', few);
  if (dense) {
    const seconds = ((dense.seconds * 100) / few).toFixed(2);
    row('any', `TensorFlow (tfjs-node), dense, scaled from ${few} images`, seconds, '');
  }
  const found = cases.filter(({ activity }) => ['trained', 'conversion'].includes(activity));
  for (const { activity, ...task } of found) {
    for (const implementation of implementations) {
      const count = implementation === 'native' ? 200 : 40;
      const how = { implementation, threads: 2, count, timeSteps: inferenceSteps };
      const sweep = measure({ task: 'balance', ...how, ...task });
      const again = measure({ task: 'resimulate', ...how, ...task });
      const seconds = ((sweep.seconds * 100) / how.count).toFixed(2);
      row(activity, implementation, seconds, ratio(again.seconds, sweep.seconds));
      const found = { task: 'balance', network, activity, implementation };
      records.push({ ...found, ratio: again.seconds / sweep.seconds });
    }
  }
  keep(`${network} balance`);
}

/** What the compiled kernels bring: few images and time-steps, as plain TypeScript takes long. */
function reference(network, cases) {
  const names = ['reference', 'wasm', 'native'].filter((name) =>
    available.some(({ implementation }) => implementation === name),
  );
  const [count, timeSteps] = [2, trainingSteps];
  const columns = ['work', 'engine', 's', 'reference = 1'];
  table(`${network}: ${count} images, T = ${timeSteps}, 1 thread`, ...columns);
  const { activity, ...task } = cases.at(-1);
  const works = { infer: 'inference', train: 'training step', balance: 'threshold balancing' };
  for (const [work, name] of Object.entries(works)) {
    const what = `${name}, activity ${activity}`;
    let slowest;
    for (const implementation of names) {
      const how = { implementation, threads: 1, count, timeSteps };
      const { seconds } = measure({ task: work, ...how, ...task });
      slowest ??= seconds;
      row(what, implementation, seconds.toPrecision(2), ratio(slowest, seconds));
      if (work !== 'infer' || implementation !== 'reference') continue;
      const dense = measureDense({ count, timeSteps, ...task });
      if (!dense) continue;
      const times = ratio(slowest, dense.seconds);
      row(what, `dense, ${dense.description}`, dense.seconds.toPrecision(2), times);
    }
  }
  keep(`${network} reference`);
}

const machine = machineLine();
console.log(machine);
for (const { implementation, detail } of available) console.log(`${implementation}: ${detail}`);
const tasks = list(values.tasks);
for (const network of list(values.networks)) {
  const cases = await casesOf(network, inferenceSteps, 0.7);
  if (tasks.includes('infer')) inference(network, cases);
  if (tasks.includes('train')) training(network, await casesOf(network, trainingSteps, 0.3));
  if (tasks.includes('few') && network === 'VGG9') await overFewSteps(network);
  if (tasks.includes('balance')) balancing(network, cases);
  if (tasks.includes('reference')) {
    reference(network, await casesOf(network, trainingSteps, 0.3));
  }
}
for (const [place, asked] of Object.entries({ goals, 'few goals': fewGoals })) {
  const reached = goalsTable(asked, records);
  if (!reached) continue;
  console.log(`\n### Goals\n\n${reached}`);
  if (values.write) writePart(values.write, place, `${reached}\n\n${machine}`);
}
