import { definePlugin } from '@privatesnn/core';

import { gradientSign } from './gradient-sign.js';
import { totalVariation } from './total-variation.js';

export default definePlugin({
  name: 'privatesnn-plugin-example',
  stages: [gradientSign, totalVariation],
});
