import { definePlugin } from '@privatesnn/core';

import { cifar10 } from './cifar10.js';
import { cifar100 } from './cifar100.js';
import { imageFolder } from './image-folder.js';
import { mnist } from './mnist.js';
import { realSubset } from './real-subset.js';
import { tinyImagenet } from './tiny-imagenet.js';

export default definePlugin({
  name: '@privatesnn/plugins-data',
  stages: [mnist, cifar10, cifar100, tinyImagenet, imageFolder, realSubset],
});
