/** Runs the experiment file of the first argument in this process; tests end it in the middle. */
import { openCache } from '../cache/open.js';
import { planExperiment } from '../plan/build.js';
import { loadExperiment } from '../plan/experiment.js';
import { runExperiment } from '../run/run.js';

const [file = '', folder = ''] = process.argv.slice(2);
const summary = await runExperiment(planExperiment(await loadExperiment(file)), {
  outputDirectory: `${folder}/runs`,
  cache: openCache(`${folder}/cache`),
  print: () => undefined,
});
process.stdout.write(`computed ${summary.computed}, cached ${summary.cached}\n`);
