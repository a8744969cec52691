import { createTensorRuntime } from '../create.js';
import { keepMeasurement, measuredHere, type RuntimeMeasurement } from './measurement.js';
import { timed, type StepTimes } from './workload.js';

/** Steps of each kind at a time, and how often the runtimes take turns: what else the machine does, both feel. */
const steps = 3;
const turns = 3;

/**
 * Times both tensor runtimes on this machine, some ten seconds, and keeps what was found: from then on the faster one
 * computes. This process's backend is the embedded one afterwards.
 *
 * @returns undefined without TensorFlow: then there is nothing to choose
 * @throws UserError where TensorFlow does not load, or the note cannot be written
 */
export async function measureRuntimes(): Promise<RuntimeMeasurement | undefined> {
  const here = measuredHere();
  if (!here) return undefined;
  const times: Record<'tensorflow' | 'embedded', StepTimes[]> = { tensorflow: [], embedded: [] };
  for (let turn = 0; turn < turns; turn++) {
    for (const id of ['tensorflow', 'embedded'] as const) {
      const { tf } = await createTensorRuntime({ prefer: id });
      times[id].push(timed(tf, steps));
    }
  }
  const measurement = {
    ...here,
    embedded: least(times.embedded),
    tensorflow: least(times.tensorflow),
    measured: new Date().toISOString(),
  };
  await keepMeasurement(measurement);
  return measurement;
}

function least(times: readonly StepTimes[]): StepTimes {
  return {
    imageGradient: Math.min(...times.map(({ imageGradient }) => imageGradient)),
    trainingStep: Math.min(...times.map(({ trainingStep }) => trainingStep)),
  };
}
