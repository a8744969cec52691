import { runStageContract, tinyAnn } from '@privatesnn/testkit';

import stripes from './stripes.js';

runStageContract(stripes, { options: { samples: 3 }, inputs: { ann: tinyAnn() } });
