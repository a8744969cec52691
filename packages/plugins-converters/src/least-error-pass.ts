import type { Ann, Images, StageContext } from '@privatesnn/core';
import type { PassOptions, TensorRuntime } from '@privatesnn/runtime-tfjs';
import type { SpikingEngine } from '@privatesnn/spiking';

import type { LeastErrorOptions as Options } from './least-error-options.js';

/** What a network of least error is sought of, and by. */
export interface Search {
  readonly context: StageContext;
  readonly engine: SpikingEngine;
  readonly tensors: TensorRuntime;
  readonly ann: Ann;
  readonly calibration: Images;
  readonly options: Options;
}

/** How calibration images go through the ANN. */
export const passOf = ({ context, options }: Search, note: string): PassOptions => ({
  batchSize: options.batchSize,
  signal: context.signal,
  onProgress: (done, total) => context.progress(done, total, note),
});
