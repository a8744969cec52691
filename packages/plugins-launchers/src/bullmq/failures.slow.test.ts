import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, onTestFinished, test } from 'vitest';

import type { RunEvent } from '@privatesnn/core';

import { atProgress, grids, notices, stages } from '../testing/grid.js';
import { opened } from '../testing/open-launcher.js';
import { openProxy } from '../testing/proxy.js';
import { noRedis, startRedis, until, type RedisServer } from '../testing/redis-server.js';
import { progressOf, startProgram, startWorker } from '../testing/worker.js';
import { bullmq } from './bullmq.js';

/** Where experiments of a test, in a temporary folder, find it. */
const zod = import.meta.resolve('zod');

async function redisServer(settings?: readonly string[]): Promise<RedisServer> {
  const redis = await startRedis(settings);
  onTestFinished(() => redis.stop());
  return redis;
}

async function worker(...request: Parameters<typeof startWorker>) {
  const started = await startWorker(...request);
  onTestFinished(() => started.kill());
  return started;
}

const through = (url: string) => opened(bullmq, { url });
const noKeys = (redis: RedisServer) => until(() => redis.keys().length === 0, 'no key in Redis');

describe.skipIf(noRedis)(`bullmq, when something fails${noRedis ? `: ${noRedis}` : ''}`, () => {
  test('a Redis that is killed and comes back empty costs no result', async () => {
    const redis = await redisServer();
    const first = await worker(redis.url);
    // One that comes late is asked for, which is no matter here.
    await until(() => redis.ask('pubsub', 'channels') !== '', 'a worker that listens');
    const { run } = grids();
    const expected = await run('grid', undefined, { cache: 'other' });
    let restarted: Promise<void> | undefined;
    const there = await run('grid', through(redis.url), {
      steps: 100,
      observers: [
        atProgress(20, () => {
          restarted = redis
            .kill()
            .then(() => sleep(4000))
            .then(redis.start);
        }),
      ],
    });
    await restarted;
    expect(there.error).toBeUndefined();
    expect(there.digests).toHaveLength(expected.digests.length);
    expect(notices(there.events)).toEqual([
      expect.stringMatching(/^Redis at redis:\/\/127\.0\.0\.1:\d+ does not answer/),
      expect.stringMatching(/answers again/),
    ]);
    expect(first.text()).toMatch(/does not answer.*\n.*answers again/);
    // What was worked on went on: nothing began anew.
    const begun = there.events.filter(({ type }) => type === 'stage-started');
    expect(begun).toHaveLength(4);
    await noKeys(redis);
  });

  test('FLUSHALL costs no result', async () => {
    const redis = await redisServer();
    await worker(redis.url);
    const { run } = grids();
    const observers = [atProgress(5, () => void redis.ask('flushall'))];
    const expected = await run('grid', undefined, { steps: 30, cache: 'other' });
    const there = await run('grid', through(redis.url), { steps: 30, observers });
    expect(there.error).toBeUndefined();
    expect(there.digests).toEqual(expected.digests);
    await noKeys(redis);
  });

  test.each(['run', 'worker'])(
    'a network that is cut for 20 s at the %s is borne',
    async (side) => {
      const redis = await redisServer();
      const proxy = await openProxy(redis.port);
      onTestFinished(() => proxy.close());
      await worker(side === 'worker' ? proxy.url : redis.url, 2);
      const { run } = grids();
      const expected = await run('grid', undefined, { steps: 60, cache: 'other' });
      let mended: Promise<void> | undefined;
      const there = await run('grid', through(side === 'run' ? proxy.url : redis.url), {
        steps: 60,
        observers: [
          atProgress(10, () => {
            proxy.cut();
            mended = sleep(20_000).then(proxy.mend);
          }),
        ],
      });
      await mended;
      expect(there.error).toBeUndefined();
      expect(there.digests).toEqual(expected.digests);
      await noKeys(redis);
    },
  );

  test('TLS and a password: both are needed, and the password is nowhere to be read', async () => {
    const { folder, run } = grids();
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', certificate, '-days', '2'];
    const request = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...files, ...subject];
    execFileSync('openssl', request, { stdio: 'ignore' });
    const password = 'open-sesame-4711';
    const redis = await redisServer([
      'port 0',
      'tls-port PORT',
      `tls-cert-file ${certificate}`,
      `tls-key-file ${key}`,
      'tls-auth-clients no',
      `requirepass ${password}`,
    ]);
    const url = `rediss://:${password}@127.0.0.1:${redis.port}`;
    const environment = { PRIVATESNN_REDIS: url, PRIVATESNN_REDIS_CA: certificate };
    const good = await worker('bullmq', 1, environment);
    const there = await run('grid', opened(bullmq, { url, ca: certificate }));
    expect(there.error).toBeUndefined();
    expect(there.digests).toHaveLength(4);
    // The worker's line comes after the run has heard of it.
    await until(() => good.text().split('finished').length > 4, 'four lines');

    const untrusted = await run('untrusted', opened(bullmq, { url }));
    expect(untrusted.error).toMatchObject({ code: 'REDIS_CERTIFICATE' });
    const wrong = `rediss://:no-${password}@127.0.0.1:${redis.port}`;
    const barred = await run('barred', opened(bullmq, { url: wrong, ca: certificate }));
    expect(barred.error).toMatchObject({ code: 'REDIS_PASSWORD' });
    const turnedAway = await worker('bullmq', 1, { ...environment, PRIVATESNN_REDIS: wrong });
    await until(() => turnedAway.text().includes('failed:'), 'a worker that is turned away');

    const written = readdirSync(join(folder, 'runs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    const errors = [untrusted.error, barred.error].flatMap((error) => [
      String((error as Error).stack),
      JSON.stringify(error),
    ]);
    const told = [good.text(), turnedAway.text(), JSON.stringify(there.events), ...errors];
    for (const text of [...written, ...told]) expect(text).not.toContain(password);
    const ask = ['-p', String(redis.port), '--tls', '--cacert', certificate, '--raw'];
    const keys = execFileSync('redis-cli', [...ask, 'keys', '*'], {
      env: { ...process.env, REDISCLI_AUTH: password },
      encoding: 'utf8',
    });
    expect(keys.trim()).toBe('');
  });

  test('several runs on one queue do not mix, and workers outlive them', async () => {
    const redis = await redisServer();
    const workers = await Promise.all([worker(redis.url), worker(redis.url)]);
    const { run } = grids();
    const [one, two] = await Promise.all([
      run('one', through(redis.url), { jobs: 3, steps: 12 }),
      run('two', through(redis.url), { jobs: 5, steps: 11 }),
    ]);
    const three = await run('three', through(redis.url), { jobs: 2, steps: 5 });
    expect([one, two, three].map(({ error }) => error)).toEqual([undefined, undefined, undefined]);
    expect([one, two, three].map(({ digests }) => digests.length)).toEqual([4, 6, 3]);
    await noKeys(redis);
    expect(await Promise.all(workers.map((each) => each.end()))).toEqual([130, 130]);
  });

  test('a worker that ends gives back what it has begun; without one the run says so', async () => {
    const redis = await redisServer();
    const first = await worker(redis.url);
    const { run } = grids();
    let code: Promise<number | null> | undefined;
    const there = await run('grid', through(redis.url), {
      jobs: 1,
      steps: 40,
      observers: [
        atProgress(5, () => void (code = first.end())),
        (event) => {
          if (event.type === 'notice') void worker(redis.url);
        },
      ],
    });
    expect(await code).toBe(130);
    expect(there.error).toBeUndefined();
    expect(notices(there.events)[0]).toMatch(/^No worker is there.*privatesnn worker redis:/);
    const begun = there.events.flatMap((event) =>
      event.type === 'info' ? [Number(/begins at (\d+)/.exec(event.message)?.[1])] : [],
    );
    expect(begun[0]).toBe(0);
    expect(begun[1]).toBeGreaterThanOrEqual(5);
    await noKeys(redis);
  });

  test('a worker with other code refuses, and others do the work', async () => {
    const redis = await redisServer();
    const { folder, run } = grids();
    const code = readFileSync(stages, 'utf8').replace("from 'zod'", `from '${zod}'`);
    for (const [site, text] of [
      ['same', code],
      ['other', `${code}// Another version.\n`],
    ] as const) {
      mkdirSync(join(folder, site, 'experiment'), { recursive: true });
      writeFileSync(join(folder, site, 'experiment/stages.js'), text);
    }
    const other = await worker(redis.url, 1, {}, join(folder, 'other'));
    const observers = [
      (event: RunEvent) => {
        if (event.type === 'run-started') void startSame();
      },
    ];
    // The other one comes first.
    const startSame = async () => {
      await until(() => other.text().includes('refused'), 'a refusal');
      await worker(redis.url, 1, {}, join(folder, 'same'));
    };
    const launcher = opened(bullmq, { url: redis.url, experiment: 'experiment' });
    const plugin = './stages.js';
    const there = await run('same/experiment/grid', launcher, { plugin, observers });
    expect(there.error).toBeUndefined();
    expect(there.digests).toHaveLength(4);
    expect(other.text()).toMatch(/refused\..*stages\.js/);
    expect(other.text()).not.toContain('finished');
    await noKeys(redis);
  });

  test('of a run that gets kill -9 nothing is left in Redis, and its work ends', async () => {
    const redis = await redisServer();
    await worker(redis.url);
    const { folder, run, write } = grids();
    const file = write('killed', { jobs: 2, steps: 3000 });
    const cache = join(folder, 'cache');
    const options = JSON.stringify({ url: redis.url });
    const argv = [file, 'bullmq', options, cache, join(folder, 'runs')];
    const child = startProgram('run-process.ts', argv);
    await progressOf(child);
    child.kill('SIGKILL');
    await noKeys(redis);
    // The worker's only slot is free again.
    const { error } = await run('next', through(redis.url), { jobs: 1, steps: 1 });
    expect(error).toBeUndefined();
    await noKeys(redis);
  });

  test('no server, or the wrong place: an error at once', async () => {
    const { run } = grids();
    const { error } = await run('grid', through('redis://127.0.0.1:1'));
    expect(error).toMatchObject({ code: 'REDIS_UNREACHABLE' });
  });
});
