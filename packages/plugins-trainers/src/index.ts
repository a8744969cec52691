import { definePlugin } from '@privatesnn/core';

import { qcfs } from './qcfs/qcfs.js';
import { stbp } from './stbp.js';
import { tdbn } from './tdbn/tdbn.js';

export default definePlugin({ name: '@privatesnn/plugins-trainers', stages: [qcfs, stbp, tdbn] });
