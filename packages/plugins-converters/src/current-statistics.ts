import { visitActivations } from '@privatesnn/runtime-tfjs';
import type { CurrentStatistics } from '@privatesnn/spiking';

import { passOf, type Search } from './least-error-pass.js';

/** Mean and variance of the currents of each layer that is to spike: what its ReLU takes on the calibration images. */
export async function currentStatistics(
  search: Search,
): Promise<Readonly<Record<string, CurrentStatistics>>> {
  const { tensors, ann, calibration } = search;
  const sums: Record<string, { count: number; mean: number; squares: number }> = {};
  await visitActivations(
    tensors,
    ann,
    calibration,
    {
      ...passOf(search, 'statistics of currents'),
      activation: (x, layer) => {
        const sum = (sums[layer] ??= { count: 0, mean: 0, squares: 0 });
        // Welford's update: squares about the mean so far, as a difference of large sums would leave little.
        for (const value of x.dataSync() as Float32Array) {
          const off = value - sum.mean;
          sum.mean += off / ++sum.count;
          sum.squares += off * (value - sum.mean);
        }
        return undefined;
      },
    },
    () => {},
  );
  return Object.fromEntries(
    Object.entries(sums).map(([layer, { count, mean, squares }]) => [
      layer,
      { mean, variance: squares / count },
    ]),
  );
}
