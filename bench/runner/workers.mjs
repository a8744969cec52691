// A Redis server and two workers of the launcher "bullmq", for runs that are killed.
import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { start } from './command.mjs';
import { tree } from './processes.mjs';

/** @param folder that of the command: workers find the experiment from there */
export async function startQueue(folder) {
  const port = await freePort();
  const settings = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--dir', folder];
  const redis = spawn('redis-server', settings, { stdio: 'ignore' });
  const environment = { PRIVATESNN_REDIS: `redis://127.0.0.1:${port}` };
  const keys = () => {
    const { stdout } = spawnSync('redis-cli', ['-p', port, 'keys', '*'], { encoding: 'utf8' });
    return stdout.split('\n').filter(Boolean);
  };
  while (spawnSync('redis-cli', ['-p', port, 'ping']).status !== 0) await sleep(50);
  const hire = () => start(folder, ['worker', 'bullmq', '--jobs', '1'], environment);
  const workers = [hire(), hire()];
  return {
    environment,
    keys,
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

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}
