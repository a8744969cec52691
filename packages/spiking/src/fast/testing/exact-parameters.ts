import {
  parameterShapes,
  weightedLayers,
  type Architecture,
  type Parameters,
} from '@privatesnn/core';
import { testStream } from '@privatesnn/testkit';

/**
 * Parameters of any network: multiples of 1/64, nine of them from `least` on, so that all sums are exact.
 *
 * @param name of the random stream
 */
export function exactParameters(
  architecture: Architecture,
  { name = 'weights', least = -4 }: { readonly name?: string; readonly least?: number } = {},
): Parameters {
  const random = testStream(name);
  const one = () => (Math.floor(random.uniform() * 9) + least) / 64;
  return Object.fromEntries(
    weightedLayers(architecture).flatMap((layer) =>
      Object.entries(parameterShapes(layer)).map(([parameter, shape]) => {
        const length = shape.reduce((a, b) => a * b, 1);
        return [parameter, { shape, data: Float32Array.from({ length }, one) }];
      }),
    ),
  );
}
