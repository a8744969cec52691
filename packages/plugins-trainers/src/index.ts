import { definePlugin } from '@privatesnn/core';

import { stbp } from './stbp.js';
import { tdbn } from './tdbn/tdbn.js';

export default definePlugin({ name: '@privatesnn/plugins-trainers', stages: [stbp, tdbn] });
