// Measures the engine, and SpikingJelly where a Python with it is named, in one run; prints a table in Markdown.
//
//   npm run bench -- [--networks VGG9,VGG16] [--activities 0.02,0.05,0.1] [--threads 1,2]
//                    [--implementations native,wasm] [--python PATH] [--tasks infer,train,balance]
//
// Every measurement is the better of two runs in a process of its own. `conversion` stands for the activity that
// threshold balancing at scale 0.7 gives.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createEngine, engineInfo } from '../dist/index.js';

import {
  architectures,
  randomImages,
  randomParameters,
  snnOf,
  thresholdsFor,
} from './networks.mjs';

const { values } = parseArgs({
  options: {
    networks: { type: 'string', default: 'VGG9,VGG16' },
    activities: { type: 'string', default: 'conversion,0.01,0.02,0.05,0.1,0.2' },
    threads: { type: 'string', default: '1,2' },
    implementations: { type: 'string', default: 'native,wasm' },
    tasks: { type: 'string', default: 'infer,train,balance' },
    python: { type: 'string' },
  },
});
const list = (text) => text.split(',').filter(Boolean);
const file = (name) => fileURLToPath(new URL(name, import.meta.url));
const available = engineInfo().filter(({ available }) => available);
const implementations = list(values.implementations).filter((name) =>
  available.some(({ implementation }) => implementation === name),
);
const tasks = list(values.tasks);

function measure(task) {
  return JSON.parse(
    execFileSync(
      process.execPath,
      [...process.execArgv, file('measure.mjs'), JSON.stringify(task)],
      {
        encoding: 'utf8',
      },
    ),
  );
}

/** The best of SpikingJelly's modes, or undefined without a Python. */
function measurePeer(network, threads, train) {
  if (!values.python) return undefined;
  const modes = ['single-step', 'multi-step', 'multi-step channels-last'];
  const results = modes.map((mode) => {
    const args = [file('peers/spikingjelly_bench.py'), '--network', network, '--mode', mode];
    args.push('--threads', String(threads));
    args.push(...(train ? ['--train', '--time-steps', '32'] : []));
    return { mode, ...JSON.parse(execFileSync(values.python, args, { encoding: 'utf8' })) };
  });
  return results.reduce((a, b) => (b.seconds < a.seconds ? b : a));
}

const ratio = (a, b) => (b === undefined ? '' : `${(a / b).toFixed(1)}×`);
const row = (...cells) => console.log(`| ${cells.join(' | ')} |`);
const header = (...cells) => {
  console.log('');
  row(...cells);
  row(...cells.map(() => '---'));
};

console.log(`Node ${process.version}, ${cpus()[0].model}, ${cpus().length} processors`);
for (const { implementation, detail } of available) console.log(`${implementation}: ${detail}`);

const engine = await createEngine({ threads: 2 });
const thresholds = {};
for (const name of list(values.networks)) {
  const architecture = architectures[name];
  const parameters = randomParameters(architecture);
  thresholds[name] = {};
  for (const activity of list(values.activities)) {
    thresholds[name][activity] =
      activity === 'conversion'
        ? (
            await engine.balanceThresholds({
              ...snnOf(architecture, parameters, {}, 100),
              pixels: randomImages(20),
              seed: 1,
              scale: 0.7,
              percentile: 100,
            })
          ).thresholds
        : await thresholdsFor(engine, architecture, parameters, Number(activity));
  }
}
await engine.close();

for (const network of list(values.networks)) {
  if (tasks.includes('infer')) {
    header('inference, T = 100', 'threads', 'activity', 'engine', 'images/s', 'to SpikingJelly');
    for (const threads of list(values.threads).map(Number)) {
      const peer = measurePeer(network, threads, false);
      const peerSpeed = peer && 16 / peer.seconds;
      if (peer)
        row(network, threads, 'any', `SpikingJelly, ${peer.mode}`, peerSpeed.toFixed(1), '');
      for (const [activity, found] of Object.entries(thresholds[network])) {
        for (const implementation of implementations) {
          for (const precision of ['float', 'integer']) {
            const images = (implementation === 'native' ? 16 : 6) * threads;
            const { seconds } = measure({
              ...{ task: 'infer', network, implementation, threads, precision },
              ...{ timeSteps: 100, images, thresholds: found },
            });
            const speed = images / seconds;
            const what = `${implementation}, ${precision}`;
            row(network, threads, activity, what, speed.toFixed(1), ratio(speed, peerSpeed));
          }
        }
      }
    }
  }

  if (tasks.includes('train')) {
    header(
      ...['training step, T = 32, batch 16', 'threads', 'activity', 'engine', 's', 'MB'],
      ...['time of SpikingJelly', 'memory of SpikingJelly'],
    );
    for (const threads of list(values.threads).map(Number)) {
      const peer = measurePeer(network, threads, true);
      if (peer) {
        const megabytes = (peer.peakBytes / 1e6).toFixed(0);
        const what = `SpikingJelly, ${peer.mode}`;
        row(network, threads, 'any', what, peer.seconds.toFixed(2), megabytes, '', '');
      }
      const found = thresholds[network]['0.05'] ?? Object.values(thresholds[network])[0];
      for (const implementation of implementations) {
        const { seconds, peakBytes } = measure({
          ...{ task: 'train', network, implementation, threads },
          ...{ timeSteps: 32, images: 16, thresholds: found },
        });
        row(
          ...[network, threads, '0.05', implementation, seconds.toFixed(2)],
          ...[(peakBytes / 1e6).toFixed(0), peer ? ratio(peer.seconds, seconds) : ''],
          peer ? ratio(peer.peakBytes, peakBytes) : '',
        );
      }
    }
  }

  if (tasks.includes('balance')) {
    header(
      'threshold balancing, T = 100',
      'threads',
      'engine',
      's / 100 images',
      'to re-simulation',
    );
    const converted = thresholds[network].conversion ?? Object.values(thresholds[network])[0];
    for (const implementation of implementations) {
      const request = { network, implementation, threads: 2, timeSteps: 100, images: 20 };
      const sweep = measure({ ...request, task: 'balance' });
      const again = measure({ ...request, task: 'resimulate', thresholds: converted });
      const seconds = (sweep.seconds * 5).toFixed(2);
      row(network, 2, implementation, seconds, ratio(again.seconds, sweep.seconds));
    }
  }
}
