// What the engine takes now beside an earlier commit, in one run: the same networks and images through the engine and
// the kernels of each, in turns, in processes of their own.
//
//   npm run bench:earlier -- COMMIT [--networks VGG9,VGG16] [--rounds 7] [--write docs/performance.md]
//
// The commit is checked out, installed and built in a temporary folder, which takes minutes and a C compiler. There this
// folder, bench, is put into the place of its own: its engine must take networks as they are described here.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createEngine } from '@privatesnn/spiking';

import { materials, snnOf, thresholdsFor } from './networks.mjs';
import { machineLine, markdownTable, writePart } from './page.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    networks: { type: 'string', default: 'VGG9,VGG16' },
    rounds: { type: 'string', default: '7' },
    write: { type: 'string' },
  },
});
const root = fileURLToPath(new URL('..', import.meta.url));
const git = (...args) =>
  execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
if (positionals.length !== 1) {
  throw new Error('Give one earlier commit: npm run bench:earlier -- COMMIT');
}
const commit = git('rev-parse', '--short', `${positionals[0]}^{commit}`).trim();

/** Each: what it is called, and what measure.mjs is asked for. */
const works = [
  ['inference, float, T = 100', { task: 'infer', timeSteps: 100, count: 24, precision: 'float' }],
  [
    'inference, integer, T = 100',
    { task: 'infer', timeSteps: 100, count: 32, precision: 'integer' },
  ],
  ['inference, float, T = 4', { task: 'infer', timeSteps: 4, count: 400, precision: 'float' }],
  ['inference, integer, T = 4', { task: 'infer', timeSteps: 4, count: 400, precision: 'integer' }],
  ['training step, T = 32, batch 16', { task: 'train', timeSteps: 32, count: 16 }],
  ['threshold balancing, T = 100', { task: 'balance', timeSteps: 100, count: 24 }],
];

const folder = mkdtempSync(join(tmpdir(), 'earlier-'));
try {
  const earlier = join(folder, commit);
  build(earlier);
  await compare(earlier);
} finally {
  rmSync(folder, { recursive: true, force: true });
  git('worktree', 'prune');
}

function build(earlier) {
  git('worktree', 'add', '--detach', earlier, commit);
  const run = (command, ...args) =>
    execFileSync(command, args, { cwd: earlier, stdio: ['ignore', 'ignore', 'inherit'] });
  run('npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
  run('npx', 'tsc', '-b', 'packages/spiking');
  run(process.execPath, 'packages/spiking/kernels/build-native.mjs');
  cpSync(fileURLToPath(new URL('.', import.meta.url)), join(earlier, 'bench'), { recursive: true });
}

async function compare(earlier) {
  const columns = ['network', 'work', `${commit} (ms)`, 'now (ms)', 'now / then', 'turn by turn'];
  const rows = [];
  for (const network of values.networks.split(',')) {
    for (const [what, task] of works) {
      const times = await measured(earlier, { network, ...task });
      const [then, now] = times.map((all) => Math.min(...all));
      const ratios = times[1]
        .map((seconds, turn) => seconds / times[0][turn])
        .sort((a, b) => a - b);
      const middle = ratios.slice(1, -1);
      const range = [middle[0], middle.at(-1)].map((x) => x.toFixed(2)).join(' to ');
      const milliseconds = [then, now].map((x) => (1000 * x).toFixed(0));
      const row = [network, what, ...milliseconds, (now / then).toFixed(3), range];
      console.log(row.join(' | '));
      rows.push(row);
    }
  }
  const text = `${markdownTable(columns, rows)}\n\n${machineLine()}`;
  console.log(`\n${text}`);
  if (values.write) writePart(values.write, 'earlier', text);
}

/** Seconds of each turn, then and now. */
async function measured(earlier, task) {
  const rate = 0.05;
  const engine = await createEngine({ threads: 1 });
  const { architecture, parameters, pixels } = materials({ network: task.network }, 40);
  let thresholds;
  if (task.task === 'infer') {
    thresholds = await thresholdsFor(engine, architecture, parameters, rate, task.timeSteps);
  } else {
    const snn = snnOf(architecture, parameters, {}, task.timeSteps);
    const request = { ...snn, pixels, seed: 1, scale: 0.3, percentile: 100 };
    ({ thresholds } = await engine.balanceThresholds(request));
  }
  await engine.close();
  const request = JSON.stringify({ implementation: 'native', threads: 1, thresholds, ...task });
  const seconds = (top) => {
    const args = [join(top, 'bench/measure.mjs'), request];
    return JSON.parse(execFileSync(process.execPath, args, { cwd: top, encoding: 'utf8' })).seconds;
  };
  const times = [[], []];
  for (let turn = 0; turn < Number(values.rounds); turn++) {
    // Who goes first changes, so that a machine that slows down or warms up favours nobody.
    const order = turn % 2 ? [1, 0] : [0, 1];
    for (const which of order) times[which].push(seconds(which ? root : earlier));
  }
  return times;
}
