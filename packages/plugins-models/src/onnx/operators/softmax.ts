import { softmaxOver } from '../../steps/sums.js';
import { type Operator, feature } from '../operation.js';

export const softmax: Operator = (operation) =>
  softmaxOver(operation, feature(operation), operation.attributes.int('axis', -1));
