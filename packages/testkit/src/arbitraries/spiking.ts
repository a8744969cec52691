import fc, { type Arbitrary } from 'fast-check';

import {
  spikingChannels,
  spikingLayers,
  type Architecture,
  type Encoder,
  type Images,
  type IntegrateAndFire,
  type PixelRange,
  type Snn,
} from '@privatesnn/core';

import { arbitraryGraph, type GraphConstraints } from './graphs.js';
import {
  arbitraryArchitecture,
  arbitraryParameters,
  classNames,
  type ArchitectureConstraints,
} from './networks.js';
import { floatArray, gridNumber } from './numbers.js';

export interface SnnConstraints {
  readonly encoders?: readonly Encoder['kind'][];
  readonly resets?: readonly IntegrateAndFire['reset'][];
  readonly leaks?: readonly number[];
  /** Whether neurons may be signed, where there is no max-pooling; false when left out. */
  readonly signed?: boolean;
  /** Whether neurons may have a probe; false when left out. */
  readonly probes?: boolean;
  /** Whether channels may have initial potentials of their own; false when left out. */
  readonly potentials?: boolean;
  /** Largest T; 8 when left out. */
  readonly maxTimeSteps?: number;
}

/**
 * Integrate-and-fire neurons: leaks and initial potentials that are exact in binary, any reset, any firing; half of them
 * signed, or with a probe, where they may be, which have no leak and a soft reset.
 */
export function arbitraryNeuron(
  constraints: Pick<SnnConstraints, 'resets' | 'leaks' | 'signed' | 'probes'> = {},
): Arbitrary<IntegrateAndFire> {
  const { resets = ['soft', 'delayed-soft', 'hard'], leaks = [1, 0.75, 0.5] } = constraints;
  const common = {
    kind: fc.constant('integrate-and-fire' as const),
    firing: fc.constantFrom('strict' as const, 'inclusive' as const),
    initial: fc.constantFrom(0, 0.25, 0.5),
  };
  const binary = fc.record({
    ...common,
    leak: fc.constantFrom(...leaks),
    reset: fc.constantFrom(...resets),
  });
  const soft = { ...common, leak: fc.constant(1), reset: fc.constant('soft' as const) };
  return fc.oneof(
    binary,
    ...(constraints.signed ? [fc.record({ ...soft, signed: fc.constant(true) })] : []),
    ...(constraints.probes
      ? [fc.record({ ...soft, probeSteps: fc.integer({ min: 1, max: 4 }) })]
      : []),
  );
}

/** Encoders on [0, 1] or [-1, 1]. */
export function arbitraryEncoder(
  constraints: Pick<SnnConstraints, 'encoders'> = {},
): Arbitrary<Encoder> {
  const { encoders = ['poisson', 'constant', 'first-spike'] } = constraints;
  return fc.record({
    kind: fc.constantFrom(...encoders),
    range: fc.constantFrom([0, 1] as const, [-1, 1] as const),
  });
}

/** Small spiking networks, chains: weights multiples of 1/64, thresholds multiples of 1/16 up to 2. */
export function arbitrarySnn(
  constraints: ArchitectureConstraints & SnnConstraints = {},
): Arbitrary<Snn> {
  return arbitraryArchitecture(constraints).chain((architecture) =>
    arbitrarySnnOf(architecture, constraints),
  );
}

/** The same, any graph, with gains. */
export function arbitraryGraphSnn(
  constraints: GraphConstraints & SnnConstraints = {},
): Arbitrary<Snn> {
  return arbitraryGraph(constraints).chain((architecture) =>
    arbitrarySnnOf(architecture, constraints),
  );
}

/** The same, of an architecture; gains where it joins. */
export function arbitrarySnnOf(
  architecture: Architecture,
  constraints: SnnConstraints = {},
): Arbitrary<Snn> {
  const { maxTimeSteps = 8 } = constraints;
  const has = (...kinds: string[]) => architecture.layers.some(({ kind }) => kinds.includes(kind));
  const any = fc.record({
    type: fc.constant('snn' as const),
    architecture: fc.constant(architecture),
    parameters: arbitraryParameters(architecture),
    thresholds: arbitraryThresholds(architecture),
    ...(has('add', 'concat') ? { gains: arbitraryGains(architecture) } : {}),
    ...(constraints.potentials
      ? { initialPotentials: arbitraryInitialPotentials(architecture) }
      : {}),
    neuron: arbitraryNeuron({
      ...constraints,
      signed: constraints.signed === true && !has('max-pool'),
    }),
    encoder: arbitraryEncoder(constraints),
    readout: fc.constant({ kind: 'sum', scale: 1 } as const),
    timeSteps: fc.integer({ min: 1, max: maxTimeSteps }),
    classNames: fc.constant(classNames(architecture.classes)),
  });
  // A probe is within an inference.
  return any.map(({ neuron, ...snn }) => ({
    ...snn,
    neuron: neuron.probeSteps
      ? { ...neuron, probeSteps: Math.min(neuron.probeSteps, snn.timeSteps) }
      : neuron,
  }));
}

/** Gains for the inputs of every add and concat, exact in binary. */
export function arbitraryGains({ layers }: Architecture): Arbitrary<Record<string, number[]>> {
  const joins = layers.filter(({ kind }) => kind === 'add' || kind === 'concat');
  const gain = fc.constantFrom(1, 0.5, 2, 0.75);
  return fc
    .tuple(...joins.map(({ from }) => fc.tuple(...from!.map(() => gain))))
    .map((values) => Object.fromEntries(joins.map(({ name }, i) => [name!, values[i]!])));
}

/** A threshold for every spiking layer. */
export function arbitraryThresholds(architecture: Architecture): Arbitrary<Record<string, number>> {
  const names = spikingLayers(architecture).map(({ name }) => name);
  return fc
    .tuple(...names.map(() => gridNumber({ min: 1 / 16, max: 2, step: 1 / 16 })))
    .map((values) => Object.fromEntries(names.map((name, i) => [name, values[i]!])));
}

/** Initial potentials for the channels of some of the spiking layers: multiples of 1/4, below 0 and above 1 too. */
export function arbitraryInitialPotentials(
  architecture: Architecture,
): Arbitrary<Record<string, number[]>> {
  const layers = [...spikingChannels(architecture)];
  const number = gridNumber({ min: -1, max: 2, step: 1 / 4 });
  return fc
    .tuple(
      ...layers.map(([, channels]) =>
        fc.option(fc.array(number, { minLength: channels, maxLength: channels }), {
          nil: undefined,
        }),
      ),
    )
    .map((values) =>
      Object.fromEntries(
        layers.flatMap(([name], i) => (values[i] ? [[name, values[i]] as const] : [])),
      ),
    );
}

/** Pixels of up to three images for an architecture: multiples of 1/16 in the given range. */
export function arbitraryPixels(
  { inputShape }: Pick<Architecture, 'inputShape'>,
  range: PixelRange,
  maxImages = 3,
): Arbitrary<Float32Array> {
  const size = inputShape.reduce((a, b) => a * b, 1);
  const [min, max] = range;
  return fc
    .integer({ min: 1, max: maxImages })
    .chain((count) => floatArray(count * size, { min, max, step: 1 / 16 }));
}

/** A spiking network with pixels for it and a seed. */
export function arbitrarySnnRun(
  constraints: ArchitectureConstraints & SnnConstraints = {},
): Arbitrary<{ snn: Snn; pixels: Float32Array; seed: number }> {
  return arbitrarySnn(constraints).chain((snn) =>
    fc.record({
      snn: fc.constant(snn),
      pixels: arbitraryPixels(snn.architecture, snn.encoder.range),
      seed: fc.nat(2 ** 32 - 1),
    }),
  );
}

/** Labelled images for an architecture, floats in `range`. */
export function arbitraryImages(
  architecture: Pick<Architecture, 'inputShape' | 'classes'>,
  range: PixelRange = [0, 1],
  maxImages = 3,
): Arbitrary<Images> {
  const [height, width, channels] = architecture.inputShape;
  return arbitraryPixels(architecture, range, maxImages).chain((pixels) => {
    const count = pixels.length / (height * width * channels);
    return fc
      .array(fc.nat(architecture.classes - 1), { minLength: count, maxLength: count })
      .map((labels): Images => ({
        type: 'images',
        shape: [count, height, width, channels],
        pixels,
        range,
        labels: Int32Array.from(labels),
        classNames: classNames(architecture.classes),
        origin: 'synthetic',
      }));
  });
}
