import { definePlugin } from '@privatesnn/core';

import { bullmq } from './bullmq/bullmq.js';
import { folder } from './folder/folder.js';
import { slurm } from './slurm/slurm.js';

export default definePlugin({
  name: '@privatesnn/plugins-launchers',
  launchers: [folder, slurm, bullmq],
});
