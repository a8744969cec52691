// Workers of a launcher, for runs that are killed.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { start } from './command.mjs';
import { roots, tree } from './processes.mjs';

/**
 * Workers of a launcher: how runs are started, the processes of each worker, and what is left of ended runs.
 *
 * @param folder that of the command
 */
export function startWorkers(launcher, folder) {
  const start = { bullmq: startQueue, folder: startFolder, slurm: startCluster }[launcher];
  if (!start)
    throw new Error(`Expected --launcher bullmq, folder or slurm, received "${launcher}".`);
  return start(folder);
}

/** A Redis server and two workers, which outlive runs and find the experiment from the command's folder. */
async function startQueue(folder) {
  const port = await freePort();
  const settings = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const redis = spawn('redis-server', settings, { stdio: 'ignore' });
  const environment = { PRIVATESNN_REDIS: `redis://127.0.0.1:${port}` };
  const left = () => {
    const { stdout } = spawnSync('redis-cli', ['-p', port, 'keys', '*'], { encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean);
  };
  while (spawnSync('redis-cli', ['-p', port, 'ping']).status !== 0) await sleep(50);
  const hire = () => start(folder, ['worker', 'bullmq', '--jobs', '1'], environment);
  const workers = [hire(), hire()];
  return {
    environment,
    where: ['--launcher', 'bullmq'],
    left,
    what: 'keys in Redis',
    outlive: true,
    /** The processes of each worker: the one that watches, the one that asks for work, those that compute. */
    families: () => workers.map(({ child }) => tree(child.pid)),
    /** Starts a worker for each one that is gone. */
    replace() {
      for (const [index, { child }] of workers.entries()) {
        if (tree(child.pid).length < 2) workers[index] = hire();
      }
    },
    async end() {
      for (const { child } of workers) child.kill('SIGINT');
      await Promise.all(workers.map(({ ended }) => ended));
      redis.kill();
    },
  };
}

/** Runs that hand out work in their folders. */
function sessionsIn(folder) {
  const runs = join(folder, 'runs');
  const names = existsSync(runs) ? readdirSync(runs).sort() : [];
  return names.map((name) => join(runs, name)).filter((run) => existsSync(join(run, 'work')));
}

/** Two workers at the newest run that hands out work, as long as somebody wants them. */
async function startFolder(folder) {
  const workers = [];
  let wanted = true;
  const replace = () => {
    const run = sessionsIn(folder).at(-1);
    if (run === undefined || !wanted) return;
    for (const index of [0, 1]) {
      if (workers[index] && tree(workers[index].child.pid).length > 0) continue;
      workers[index] = start(folder, ['worker', run, '--jobs', '1']);
    }
  };
  const timer = setInterval(replace, 200);
  return {
    environment: {},
    where: ['--launcher', 'folder'],
    left: () => sessionsIn(folder),
    what: 'folders of work',
    outlive: false,
    families: () => workers.map(({ child }) => tree(child.pid)),
    replace,
    /** @param is whether a run works that wants workers */
    want: (is) => (wanted = is),
    async end() {
      clearInterval(timer);
      await Promise.all(workers.map(({ ended }) => ended));
    },
  };
}

/** A Slurm cluster of the launcher's tests, to which runs submit two workers. */
async function startCluster(folder) {
  // The tests' own sources, as they are.
  await import('../../packages/core/src/testing/typescript-loader.js');
  const testing = '../../packages/plugins-launchers/src/testing/slurm-cluster.ts';
  const { noSlurm, startSlurm } = await import(testing);
  if (noSlurm) throw new Error(noSlurm);
  const cluster = await startSlurm();
  const launcher = join(folder, 'cluster.yaml');
  writeFileSync(launcher, 'use: slurm\noptions: { workers: 2 }\n');
  return {
    environment: { SLURM_CONF: cluster.conf },
    where: ['--launcher', launcher],
    left: () => [...sessionsIn(folder), ...cluster.queue()],
    what: 'folders of work, and tasks at Slurm',
    outlive: false,
    families: () => roots(' worker ', folder).map(tree),
    /** Slurm does. */
    replace: () => undefined,
    end: () => cluster.stop(),
  };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}
