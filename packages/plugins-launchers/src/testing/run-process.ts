/**
 * A run of a test in a process of its own: run-process.ts FILE LAUNCHER OPTIONS CACHE FOLDER. Prints its folder, and how
 * far its stages are.
 */
import { loadExperiment, openCache, planExperiment, runExperiment } from '@privatesnn/core';

import launchers from '../index.js';
import { opened } from './open-launcher.js';

const [file = '', id = '', options = '', cache = '', outputDirectory = ''] = process.argv.slice(2);
const ended = new AbortController();
process.on('SIGINT', () => ended.abort());
await runExperiment(planExperiment(await loadExperiment(file)), {
  cache: openCache(cache),
  outputDirectory,
  launcher: opened(
    launchers.launchers!.find((one) => one.id === id)!,
    JSON.parse(options) as Record<string, unknown>,
  ),
  signal: ended.signal,
  print: () => undefined,
  observers: [
    (event) => {
      if (event.type === 'run-started') console.log(event.folder);
      if (event.type === 'stage-progress') console.log(event.done);
    },
  ],
}).catch((error: unknown) => console.log(`failed: ${(error as Error).message}`));
process.exit();
