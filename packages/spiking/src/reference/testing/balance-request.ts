import fc from 'fast-check';

import {
  arbitraryArchitecture,
  arbitraryEncoder,
  arbitraryNeuron,
  arbitraryParameters,
  arbitraryPixels,
  type ArchitectureConstraints,
  type SnnConstraints,
} from '@privatesnn/testkit';

/** What the networks and their input may be. */
type Constraints = ArchitectureConstraints & Pick<SnnConstraints, 'encoders'>;

/** Requests for threshold balancing of small networks whose numbers have few bits, at percentile 100. */
export const balanceRequest = (constraints: Constraints = {}) =>
  fc
    .tuple(arbitraryArchitecture(constraints), arbitraryEncoder(constraints))
    .chain(([architecture, encoder]) =>
      fc.record({
        architecture: fc.constant(architecture),
        parameters: arbitraryParameters(architecture),
        neuron: arbitraryNeuron(),
        encoder: fc.constant(encoder),
        pixels: arbitraryPixels(architecture, encoder.range),
        seed: fc.nat(2 ** 32 - 1),
        timeSteps: fc.integer({ min: 1, max: 8 }),
        scale: fc.constantFrom(1, 0.5),
        percentile: fc.constant(100),
      }),
    );
