import type { Architecture } from '@privatesnn/core';
import { arbitraryPixels, arbitrarySnnOf } from '@privatesnn/testkit';
import fc, { type Arbitrary } from 'fast-check';

/**
 * A spiking network with gains and initial potentials, images of its encoder's range, and a seed.
 *
 * @param special whether neurons may be signed, or have a probe, which training does not take
 */
export function runsOf(architectures: Arbitrary<Architecture>, special: boolean) {
  return architectures.chain((architecture) =>
    arbitrarySnnOf(architecture, {
      ...{ maxTimeSteps: 10, signed: special, probes: special, potentials: true },
    }).chain((snn) =>
      fc.record({
        snn: fc.constant(snn),
        pixels: arbitraryPixels(architecture, snn.encoder.range, 3),
        seed: fc.nat(2 ** 32 - 1),
      }),
    ),
  );
}
