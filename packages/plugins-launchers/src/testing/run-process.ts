/** A run of a test in a process of its own: run-process.ts FILE URL CACHE FOLDER. Prints how far its stages are. */
import { loadExperiment, openCache, planExperiment, runExperiment } from '@privatesnn/core';

import { bullmq } from '../bullmq/bullmq.js';
import { opened } from './open-launcher.js';

const [file = '', url = '', cache = '', outputDirectory = ''] = process.argv.slice(2);
await runExperiment(planExperiment(await loadExperiment(file)), {
  cache: openCache(cache),
  outputDirectory,
  launcher: opened(bullmq, { url }),
  print: () => undefined,
  observers: [
    (event) => {
      if (event.type === 'stage-progress') console.log(event.done);
    },
  ],
});
process.exit();
