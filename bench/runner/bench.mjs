// Measures the runner on this machine: plans, re-runs, its own cost, and what a second process brings.
//
//   npm run bench:runner -- [--tasks plan,rerun,cost,speedup,overlap,same,workers,simulate] [--rounds 3] [--write docs/scale.md]
//
// CPU seconds are those of all processes of the command. On a machine that others use, seconds of the clock say little:
// runs that are compared alternate, the median counts, and the load (processes that want a core) stands beside it.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';

import { machineLine, markdownTable, writePart } from '../page.mjs';
import { measure, start, workFolder, writeGrid } from './command.mjs';
import { tree } from './processes.mjs';
import { simulate } from './simulate.mjs';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: 'plan,rerun,cost,speedup,overlap,same,workers,simulate' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const folder = workFolder();
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const fixed = (number, digits = 2) => number.toFixed(digits);
const range = (numbers) => `${fixed(Math.min(...numbers), 1)}–${fixed(Math.max(...numbers), 1)}`;
const forget = () => rmSync(join(folder, 'cache'), { recursive: true, force: true });

/** Rounds of arithmetic that take a third of a second of one core of this machine, by the median of five tries. */
const spins = thirdOfASecond();

/** Seconds of the planning process for a stage, where `cost` has measured it. */
let own = 0.003;

const tasks = {
  plan() {
    const rows = [];
    for (const jobs of [1000, 10_000]) {
      const grid = writeGrid(folder, `plan${jobs}`, jobs, {});
      const runs = Array.from({ length: rounds }, () => measure(folder, ['validate', grid]));
      const memory = Math.min(...Array.from({ length: 2 }, () => peak(['validate', grid])));
      rows.push([jobs, fixed(median(runs.map(({ cpu }) => cpu))), `${memory} MB`]);
    }
    return markdownTable(['jobs', 'CPU (s)', 'peak memory'], rows);
  },

  rerun() {
    forget();
    const grid = writeGrid(folder, 'rerun', 1000, {});
    const first = measure(folder, ['run', grid, '--quiet']);
    const again = Array.from({ length: rounds }, () => measure(folder, ['run', grid, '--quiet']));
    return markdownTable(
      ['1,000 jobs, 2,001 stages', 'CPU (s)', 'clock (s)', 'load'],
      [
        ['first run', fixed(first.cpu), fixed(first.wall), fixed(first.load, 1)],
        [
          'from the cache',
          fixed(median(again.map(({ cpu }) => cpu))),
          fixed(median(again.map(({ wall }) => wall))),
          range(again.map(({ load }) => load)),
        ],
      ],
    );
  },

  async cost() {
    forget();
    const grid = writeGrid(folder, 'cost', 500, {});
    const { child, ended } = start(folder, ['run', grid, '--jobs', '2', '--quiet']);
    const seen = new Map();
    let over = false;
    void ended.then(() => (over = true));
    while (!over) {
      for (const process of tree(child.pid)) seen.set(process.pid, process);
      await sleep(50);
    }
    const { code, text } = await ended;
    if (code !== 0) throw new Error(text);
    const cpu = (...depths) =>
      [...seen.values()]
        .filter(({ depth }) => depths.includes(depth))
        .reduce((sum, process) => sum + process.cpu, 0);
    const nodes = 1001;
    own = cpu(1) / nodes;
    const row = (name, seconds) => [
      name,
      fixed(seconds),
      fixed((1000 * seconds) / nodes, 1),
      `${fixed((100 * seconds * 1000) / nodes / 3600)} %`,
    ];
    return markdownTable(
      ['1,001 stages of no work', 'CPU (s)', 'a stage (ms)', 'of an hour of one core with 1,000'],
      [
        row('the two processes that watch and plan', cpu(0, 1)),
        row('two that compute: key, lease, cache', cpu(2)),
        row('all', cpu(0, 1, 2)),
      ],
    );
  },

  async speedup() {
    const grid = writeGrid(folder, 'small', 32, { spins });
    const runs = { 1: [], 2: [] };
    const bare = { 1: [], 2: [] };
    for (let round = 0; round < rounds; round++) {
      for (const jobs of [1, 2]) {
        forget();
        runs[jobs].push(measure(folder, ['run', grid, '--quiet', '--jobs', String(jobs)]));
        bare[jobs].push(await bareSpins(jobs));
      }
    }
    const ratios = (all) => all[1].map(({ wall }, round) => wall / all[2][round].wall);
    const row = (name, all, jobs) => [
      `${name}${jobs}`,
      fixed(median(all[jobs].map(({ wall }) => wall)), 1),
      fixed(median(all[jobs].map(({ cpu }) => cpu)), 1),
      range(all[jobs].map(({ load }) => load)),
    ];
    const table = markdownTable(
      ['32 jobs of a third of a second', 'clock (s)', 'CPU (s)', 'load'],
      [
        row('--jobs ', runs, 1),
        row('--jobs ', runs, 2),
        row('the same arithmetic alone, processes: ', bare, 1),
        row('the same arithmetic alone, processes: ', bare, 2),
      ],
    );
    const text = (all) =>
      `${fixed(median(ratios(all)))} (${ratios(all)
        .map((ratio) => fixed(ratio))
        .join(', ')})`;
    return `${table}\n\nRatio of the clocks, median of ${rounds} in turns: ${text(runs)}; of the arithmetic alone, which is what this machine had to give just then: ${text(bare)}.`;
  },

  overlap() {
    const grid = writeGrid(folder, 'waiting', 32, { pause: 500 });
    const runs = { 1: [], 2: [] };
    for (let round = 0; round < rounds; round++) {
      for (const jobs of [1, 2]) {
        forget();
        runs[jobs].push(measure(folder, ['run', grid, '--quiet', '--jobs', String(jobs)]));
      }
    }
    const wall = (jobs) => median(runs[jobs].map((run) => run.wall));
    const row = (jobs) => [
      `--jobs ${jobs}`,
      fixed(wall(jobs), 1),
      range(runs[jobs].map((run) => run.load)),
    ];
    const table = markdownTable(
      ['32 jobs that wait half a second', 'clock (s)', 'load'],
      [row(1), row(2)],
    );
    return `${table}\n\nRatio of the clocks: ${fixed(wall(1) / wall(2))}, of medians of ${rounds}.`;
  },

  async same() {
    forget();
    const grid = writeGrid(folder, 'same', 40, { spins: spins / 5 });
    const run = (out) => start(folder, ['run', grid, '--jobs', '2', '--quiet', '--out', out]).ended;
    const ended = await Promise.all([run('one'), run('two')]);
    const failed = ended.find(({ code }) => code !== 0);
    if (failed) throw new Error(failed.text);
    const manifests = ['one', 'two'].map((out) => {
      const [name] = readdirSync(join(folder, out));
      return JSON.parse(readFileSync(join(folder, out, name, 'manifest.json'), 'utf8'));
    });
    const digests = manifests.map(({ stages }) =>
      createHash('sha256')
        .update(JSON.stringify(stages.map(({ key, outputs }) => [key, outputs])))
        .digest('hex'),
    );
    const [one, two] = manifests.map(({ stages }) => stages.filter(({ cached }) => !cached).length);
    const all = manifests[0].stages.length;
    if (one + two !== all) throw new Error(`${one} + ${two} of ${all} stages were computed`);
    if (digests[0] !== digests[1]) throw new Error('the digests differ');
    return `Two runs of a grid of ${all} stages at once on one cache: one computed ${one}, the other ${two}; the digests are the same.`;
  },

  workers() {
    const grid = writeGrid(folder, 'workers', 32, { spins });
    const rows = [1, 2, 4, 8].map((jobs) => {
      forget();
      const { wall, cpu, load } = measure(folder, ['run', grid, '--quiet', '--jobs', String(jobs)]);
      return [jobs, fixed(wall, 1), fixed(cpu, 1), fixed(load, 1)];
    });
    return markdownTable(['--jobs', 'clock (s)', 'CPU (s)', 'load'], rows);
  },
};

tasks.simulate = () => {
  const rows = [];
  for (const workers of [8, 64, 256, 1000]) {
    const cells = [1, 10, 60].map((seconds) => {
      const run = simulate({ jobs: 10_000, workers, seconds, own });
      return `${(run.seconds / 60).toFixed(0)} min, ${Math.round(100 * run.busy)} %`;
    });
    rows.push([workers, ...cells]);
  }
  const table = markdownTable(['workers', 'stages of 1 s', 'of 10 s', 'of 60 s'], rows);
  return `10,000 jobs of three stages each, simulated with the real schedule; the planning process takes ${(1000 * own).toFixed(1)} ms a stage, as measured above. Length of the run, and how much of the workers' time is work:\n\n${table}`;
};

/** The arithmetic of 32 jobs without the runner, shared out among so many processes. */
async function bareSpins(processes) {
  const code = `let value = 1;
    for (let i = 0; i < ${(32 * spins) / processes}; i++) value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) + i;
    const { user, system } = process.cpuUsage(); console.log((user + system) / 1e6, value);`;
  const [load] = loadavg();
  const began = performance.now();
  const cpu = await Promise.all(
    Array.from({ length: processes }, () => promisify(execFile)(process.execPath, ['-e', code])),
  );
  const seconds = cpu.map(({ stdout }) => Number(stdout.split(' ')[0]));
  return {
    wall: (performance.now() - began) / 1000,
    cpu: seconds.reduce((a, b) => a + b),
    load,
  };
}

function thirdOfASecond() {
  const rounds = 20_000_000;
  const seconds = Array.from({ length: 5 }, () => {
    const began = performance.now();
    let value = 1;
    for (let i = 0; i < rounds; i++) value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d) + i;
    return value === 0.5 ? 0 : (performance.now() - began) / 1000;
  });
  return Math.round(rounds / 3 / median(seconds));
}

/** Peak memory in MB of the command, that of its largest process. */
function peak(argv) {
  const { stderr } = measure(folder, argv, { NODE_OPTIONS: `--import ${peakHook}` });
  return Math.round(Number(/peak (\d+) kB/.exec(stderr)?.[1]) / 1000);
}
const peakHook = new URL('./peak.mjs', import.meta.url).href;

console.log(`${machineLine()} Load ${fixed(loadavg()[0], 1)}.\n`);
for (const name of values.tasks.split(',')) {
  const text = await tasks[name]();
  console.log(`## ${name}\n\n${text}\n`);
  if (values.write) writePart(values.write, name, `${text}\n\n${machineLine()}`);
}
