import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { runLauncherContract } from '@privatesnn/testkit';

import { joined } from '../testing/joined.js';
import { opened } from '../testing/open-launcher.js';
import { until } from '../testing/redis-server.js';
import { folder } from './folder.js';

runLauncherContract(
  'folder',
  (site) => {
    const crew = joined(opened(folder, {}), 2);
    return Promise.resolve({
      open: crew.open,
      async killWorker() {
        await crew.workers.find(({ working }) => working)!.kill();
      },
      async end() {
        // Workers end by themselves when the run has ended.
        await until(() => crew.workers.every(({ ended }) => ended), 'workers that have ended');
        const runs = join(site.folder, 'runs');
        return readdirSync(runs).filter((run) => existsSync(join(runs, run, 'work')));
      },
    });
  },
  { timeout: 120_000 },
);
