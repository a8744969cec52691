import { describe } from 'vitest';

import { runLauncherContract } from '@privatesnn/testkit';

import { opened } from '../testing/open-launcher.js';
import { noRedis, startRedis, until } from '../testing/redis-server.js';
import { startWorker } from '../testing/worker.js';
import { bullmq } from './bullmq.js';

describe.skipIf(noRedis)(`with a real Redis${noRedis ? `: ${noRedis}` : ''}`, () => {
  runLauncherContract(
    'bullmq',
    async () => {
      const redis = await startRedis();
      const workers = await Promise.all([startWorker(redis.url), startWorker(redis.url)]);
      return {
        open: opened(bullmq, { url: redis.url }),
        async killWorker() {
          await workers.find(({ working }) => working)!.kill();
        },
        async end() {
          // Workers let go of a run when they hear that it has ended.
          await until(() => redis.keys().length === 0, 'no key').catch(() => undefined);
          const keys = redis.keys();
          await Promise.all(workers.map((worker) => worker.end()));
          await redis.stop();
          return keys;
        },
      };
    },
    { timeout: 120_000 },
  );
});
