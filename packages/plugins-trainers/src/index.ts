import { definePlugin } from '@privatesnn/core';

import { stbp } from './stbp.js';

export default definePlugin({ name: '@privatesnn/plugins-trainers', stages: [stbp] });
