import { definePlugin } from '@privatesnn/core';

import { accuracy } from './accuracy.js';
import { attackAccuracy } from './attack-accuracy.js';
import { classImages } from './class-images.js';
import { conversionDoctor } from './conversion-doctor.js';
import { conversionReport } from './conversion-report.js';
import { dataLeakage } from './data-leakage.js';
import { energy } from './energy.js';
import { fid } from './fid.js';
import { spikeRate } from './spike-rate.js';
import { weightChange } from './weight-change.js';

export default definePlugin({
  name: '@privatesnn/plugins-metrics',
  stages: [
    accuracy,
    attackAccuracy,
    classImages,
    conversionDoctor,
    conversionReport,
    dataLeakage,
    energy,
    fid,
    spikeRate,
    weightChange,
  ],
});
