/** Runs the experiment file of the first argument, in this process or in `children`; tests end it in the middle. */
import { openCache } from '../cache/open.js';
import { planExperiment } from '../plan/build.js';
import { loadExperiment } from '../plan/experiment.js';
import { childProcesses } from '../run/launchers/child-process.js';
import { inProcess } from '../run/launchers/in-process.js';
import { runExperiment } from '../run/run.js';

const [file = '', folder = '', how = ''] = process.argv.slice(2);
const child = (cache: string) => [
  process.execPath,
  ...process.execArgv,
  `${import.meta.dirname}/node-child.ts`,
  cache,
];
const summary = await runExperiment(planExperiment(await loadExperiment(file)), {
  outputDirectory: `${folder}/runs`,
  cache: openCache(`${folder}/cache`),
  print: () => undefined,
  launcher:
    how === 'children'
      ? childProcesses({ slots: 2, patience: 600_000, command: ({ cache }) => child(cache) })
      : inProcess,
});
process.stdout.write(`computed ${summary.computed}, cached ${summary.cached}\n`);
