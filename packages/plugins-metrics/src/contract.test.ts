import { createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { createReferenceEngine } from '@privatesnn/spiking';
import { runStageContract } from '@privatesnn/testkit';

import { randomImages, tinyAnn, tinySnn } from './testing/fixtures.js';
import { accuracy } from './accuracy.js';
import { activitySeries } from './activity.js';
import { attackAccuracy } from './attack-accuracy.js';
import { classImages } from './class-images.js';
import { conversionDoctor } from './conversion-doctor.js';
import { conversionReport } from './conversion-report.js';
import { dataLeakage } from './data-leakage.js';
import { energy } from './energy.js';
import { operationsSeries } from './operations.js';
import { fid } from './fid.js';
import { spikeRate } from './spike-rate.js';
import { weightChange } from './weight-change.js';

const dependencies = async () => ({
  runtime: await createTensorRuntime({ prefer: 'embedded' }),
  engine: createReferenceEngine(),
});
const images = randomImages([12, 1, 1, 3], 'contract');
const network = tinySnn;
const activity = activitySeries(
  [
    { layer: 'input', neurons: 3, spikes: 7 },
    { layer: 'hidden', neurons: 3, spikes: 5 },
  ],
  1,
  20,
);

const operations = operationsSeries(
  [
    { layer: 'hidden', additions: 21, multiplications: 0 },
    { layer: 'out', additions: 15, multiplications: 0 },
  ],
  1,
  20,
  network.architecture,
);

runStageContract(accuracy, { dependencies, inputs: { network, images, ann: tinyAnn } });
runStageContract(attackAccuracy, {
  dependencies,
  inputs: { attacked: images, classifier: tinyAnn },
});
runStageContract(classImages, { inputs: { images } });
runStageContract(conversionDoctor, { dependencies, inputs: { network, ann: tinyAnn, images } });
runStageContract(conversionReport, { inputs: { network, reference: network } });
runStageContract(dataLeakage, { inputs: { network } });
runStageContract(energy, { inputs: { network, activity, operations } });
runStageContract(fid, {
  dependencies,
  inputs: { generated: images, reference: images, features: tinyAnn },
});
runStageContract(spikeRate, { inputs: { network, activity } });
runStageContract(weightChange, {
  dependencies,
  inputs: { before: tinyAnn, after: network, images },
});
