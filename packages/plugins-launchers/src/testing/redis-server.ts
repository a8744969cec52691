import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Why tests with a real Redis cannot be run here; undefined where they can. */
export const noRedis = spawnSync('redis-server', ['--version']).error
  ? 'redis-server is not installed'
  : undefined;

/** A Redis server of a test, on a port of its own. It keeps nothing on disk: a restart loses all. */
export interface RedisServer {
  readonly port: number;
  readonly url: string;
  /** Answers of `redis-cli`. */
  ask(...command: string[]): string;
  keys(): string[];
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** @param settings lines of redis.conf; `ask` works for servers without password and TLS */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-redis-'));
  const file = join(folder, 'redis.conf');
  const plain = settings.some((line) => line.startsWith('tls-port')) ? [] : [`port ${port}`];
  const text = [...plain, 'bind 127.0.0.1', 'save ""', `dir ${folder}`, ...settings].join('\n');
  writeFileSync(file, `${text.replaceAll('PORT', String(port))}\n`);
  let server: ChildProcess | undefined;
  const ask = (...command: string[]) =>
    spawnSync('redis-cli', ['-p', String(port), ...command], { encoding: 'utf8' }).stdout.trim();
  const kill = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = new Promise((resolve) => server!.once('exit', resolve));
    server.kill('SIGKILL');
    await gone;
  };
  const start = async () => {
    server = spawn('redis-server', [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise<void>((resolve, reject) => {
      server!.stdout!.on('data', (data: Buffer) => {
        if (data.toString().includes('Ready to accept connections')) resolve();
      });
      server!.once('exit', () => reject(new Error('redis-server has ended')));
    });
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    ask,
    keys: () => ask('keys', '*').split('\n').filter(Boolean),
    kill,
    start,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Waits until something is so. */
export async function until(is: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const limit = performance.now() + 90_000;
  while (!(await is())) {
    if (performance.now() > limit) throw new Error(`It never came to be: ${what}`);
    await sleep(50);
  }
}
