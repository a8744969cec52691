// Kills processes of a grid at random moments, again and again until it has finished, and looks for harm (Linux).
//
//   npm run bench:kills -- [--count 100] [--seed 1] [--how run|resume] [--launcher bullmq|folder|slurm]
//
// Each time one of the run's processes gets SIGKILL: the one that watches, the one that plans, or one that computes.
// With --launcher two workers compute, and one of theirs may be hit, too; a worker that is gone is replaced.
// Then: does every process of the run end within 5 seconds? Are all stages that had been told as finished in the cache?
// Is anything in the cache damaged or half-written? When a grid has finished: are its digests those of a run that nobody
// killed, and are no half-written files left? Ends with 1 where anything is not so.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import { openCache, randomStream } from '@privatesnn/core';

import { machineLine } from '../page.mjs';
import { start, workFolder, writeGrid } from './command.mjs';
import { isThere, tree } from './processes.mjs';
import { startWorkers } from './workers.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    how: { type: 'string', default: 'resume' },
    launcher: { type: 'string' },
  },
});
const count = Number(values.count);
const random = randomStream(Number(values.seed), 'kills');
const folder = workFolder();
/** About two seconds of two processes: 25 stages, half of them in five steps with checkpoints. */
const grid = writeGrid(folder, 'grid', 12, { steps: 5, spins: 1_000_000, pause: 30 });
const crew = values.launcher ? await startWorkers(values.launcher, folder) : undefined;
const { environment, where = ['--jobs', '2'] } = crew ?? {};
const runs = join(folder, 'runs');
const cacheFolder = join(folder, 'cache');

const runFolders = () => (existsSync(runs) ? readdirSync(runs).sort() : []);
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));
const files = (where) =>
  existsSync(where)
    ? readdirSync(where, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
    : [];
const asidesIn = (where) => files(where).filter((file) => basename(file).startsWith('.aside-'));

function digests() {
  const { status, stages } = json(join(runs, runFolders().at(-1), 'manifest.json'));
  if (status !== 'finished') throw new Error(`the last run is ${status}`);
  const rows = stages.map(({ stage, jobs, key, outputs }) => [stage, jobs, key, outputs]);
  return JSON.stringify(rows);
}

/** Keys of stages that a run told as finished. */
function finishedKeys(run) {
  const file = join(runs, run, 'events.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .flatMap((line) => /"type":"stage-finished".*?"key":"(\w+)"/.exec(line)?.[1] ?? []);
}

/** How the grid is started: as the run that there is, where it came to begin, or as another one. */
function command() {
  const last = runFolders().at(-1);
  const begun =
    last !== undefined &&
    existsSync(join(runs, last, 'settings.json')) &&
    existsSync(join(runs, last, 'plan.bin'));
  return values.how === 'resume' && begun ? ['resume', last] : ['run', grid, ...where];
}

const parts = ['of the process that watches', 'of the one that plans', 'of those that compute'];
if (crew) parts.push('of workers (or of what watches one)');

/** A process to kill, which part it has, and which processes must end then. */
function choose(child) {
  const run = tree(child.pid);
  if (run.length === 0) return undefined;
  const families = crew?.families() ?? [];
  // Workers that came for this run alone end with it.
  const all = crew?.outlive === false ? [...run, ...families.flat()] : run;
  const own = run.map((victim) => ({ victim, part: Math.min(2, victim.depth), family: all }));
  if (!crew) return own[random.integer(own.length)];
  const others = families.flatMap((family) =>
    family.map((victim) => ({
      victim,
      part: victim.depth < 2 ? 3 : 2,
      family: victim.depth < 2 ? family : [...all, victim],
    })),
  );
  // Each part as often as the others: workers have more processes than a run.
  const part = random.integer(parts.length);
  const some = [...own, ...others].filter((one) => one.part === part);
  return some[random.integer(Math.max(1, some.length))];
}

const totals = { kills: 0, lost: 0, halfWritten: 0, orphans: 0, asides: 0, wrong: 0, grids: 0 };
const killed = parts.map(() => 0);
let slowest = 0;
const forget = () => {
  for (const path of [runs, cacheFolder]) rmSync(path, { recursive: true, force: true });
};

async function whole(how) {
  const { code, text } = await start(folder, ['run', grid, ...how], environment).ended;
  if (code !== 0) throw new Error(text);
  const found = digests();
  forget();
  return found;
}

const expected = await whole(['--jobs', '2']);
const first = performance.now();
if ((await whole(where)) !== expected) totals.wrong++;
const began = performance.now();
/** A moment within the time that a whole grid takes here and now. */
const moment = 0.9 * (began - first);

/** What ended runs have left elsewhere. */
let left = 0;
async function leftAfter(milliseconds) {
  const limit = performance.now() + milliseconds;
  while (crew.left().length > 0 && performance.now() < limit) await sleep(100);
  return crew.left().length;
}
// The last grid is gone on with until it has finished.
while (totals.kills < count || runFolders().length > 0) {
  const started = performance.now();
  crew?.want?.(true);
  const { child, ended } = start(folder, command(), environment);
  let over = false;
  void ended.then(() => (over = true));
  const at = totals.kills < count ? random.uniform() * moment : Infinity;
  while (!over && performance.now() - started < at) await sleep(5);
  const chosen = over ? undefined : choose(child);
  if (!chosen) {
    const { code, text } = await ended;
    if (code !== 0) throw new Error(text);
    totals.grids++;
    if (digests() !== expected) totals.wrong++;
    totals.asides += asidesIn(cacheFolder).length + asidesIn(runs).length;
    if (crew?.outlive === false) left += await leftAfter(5000);
    forget();
    continue;
  }
  const { victim, part, family } = chosen;
  if (part < 2) crew?.want?.(false);
  process.kill(victim.pid, 'SIGKILL');
  totals.kills++;
  killed[part]++;
  const cut = performance.now();
  // A child that was killed fails its stage; the run itself goes on and is let to.
  if (part === 2) await ended;
  const limit = performance.now() + 5000;
  while (family.some(isThere) && performance.now() < limit) await sleep(20);
  const orphans = family.filter(isThere);
  if (part !== 2) slowest = Math.max(slowest, performance.now() - cut);
  totals.orphans += orphans.length;
  crew?.replace();
  if (part === 3) await ended;
  for (const run of runFolders()) {
    for (const key of finishedKeys(run)) {
      if (!existsSync(join(cacheFolder, 'keys', key.slice(0, 2), `${key}.json`))) totals.lost++;
    }
  }
  const { damage } = await openCache(cacheFolder).maintenance.verify(false);
  totals.halfWritten += damage.length;
}

if (crew) {
  // What runs that were killed have left must be gone then.
  left += await leftAfter(60_000);
  await crew.end();
}
const seconds = Math.round((performance.now() - began) / 1000);
console.log(`${machineLine()} Load ${loadavg()[0].toFixed(1)}.\n`);
const hit = parts.map((part, index) => `${killed[index]} ${part}`).join(', ');
console.log(
  `${totals.kills} kills in ${seconds} s by "${values.how}": ${hit}; ${totals.grids} grids finished in between.`,
);
console.log(
  `lost results ${totals.lost}, half-written or damaged ${totals.halfWritten}, processes left after 5 s ${totals.orphans} (the last ended after ${(slowest / 1000).toFixed(1)} s), half-written files left at the end of a grid ${totals.asides}, grids with other digests ${totals.wrong}${crew ? `, ${crew.what} left ${left}` : ''}.`,
);
const { lost, halfWritten, orphans, asides, wrong } = totals;
process.exitCode =
  lost + halfWritten + orphans + asides + wrong + left > 0 || totals.grids === 0 ? 1 : 0;
