import { definePlugin } from '@privatesnn/core';

import { mnist } from './mnist.js';

export default definePlugin({
  name: '@privatesnn/plugins-data',
  stages: [mnist],
});
