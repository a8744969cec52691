import { definePlugin } from '@privatesnn/core';

import { adaptiveSpiking } from './adaptive-spiking.js';
import { leastError } from './least-error.js';
import { thresholdBalancing } from './threshold-balancing.js';
import { weightNormalisation } from './weight-normalisation.js';

export default definePlugin({
  name: '@privatesnn/plugins-converters',
  stages: [adaptiveSpiking, leastError, thresholdBalancing, weightNormalisation],
});
