import { definePlugin } from '@privatesnn/core';

import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import { mnist } from './mnist.js';

export default definePlugin({
  name: '@privatesnn/plugins-data',
  stages: [mnist, cifar10, cifar100],
});
