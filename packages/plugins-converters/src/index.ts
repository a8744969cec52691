import { definePlugin } from '@privatesnn/core';

import { thresholdBalancing } from './threshold-balancing.js';

export default definePlugin({
  name: '@privatesnn/plugins-converters',
  stages: [thresholdBalancing],
});
