import { definePlugin } from '@privatesnn/core';

import { bullmq } from './bullmq/bullmq.js';

export default definePlugin({
  name: '@privatesnn/plugins-launchers',
  launchers: [bullmq],
});
