import {
  layerShapes,
  parameterShapes,
  spikingChannels,
  type Architecture,
  type Layer,
  type Snn,
} from '@privatesnn/core';
import fc from 'fast-check';

/** What a random network may contain. */
export interface NetworkKinds {
  readonly encoders: readonly Snn['encoder']['kind'][];
  readonly dropout: boolean;
  /** Whether neurons may be signed; then no max-pooling goes with them. False when left out. */
  readonly signed?: boolean;
  /** Whether neurons may have a probe. False when left out. */
  readonly probes?: boolean;
  /** Whether channels may have initial potentials of their own. False when left out. */
  readonly potentials?: boolean;
  /** Whether all windows are 3 × 3 with stride 1, on larger images. False when left out. */
  readonly tiled?: boolean;
}

/** A network with an image batch of one to three images. */
export interface NetworkCase {
  readonly snn: Snn;
  readonly pixels: Float32Array;
  readonly seed: number;
  readonly firstImage: number;
}

/**
 * Random small networks whose numbers have few bits, so that all sums are exact in 32-bit floats and engines
 * agree on every spike: weights, biases, thresholds and leaks are multiples of small powers of two.
 */
export function networkCase(kinds: NetworkKinds): fc.Arbitrary<NetworkCase> {
  const side = kinds.tiled ? fc.integer({ min: 3, max: 11 }) : fc.integer({ min: 1, max: 7 });
  const blocks = kinds.tiled
    ? fc.array(tiledBlock, { minLength: 2, maxLength: 3 })
    : fc.array(block, { maxLength: 3 });
  return fc
    .record({
      height: side,
      width: side,
      channels: fc.integer({ min: 1, max: 4 }),
      blocks,
      hidden: fc.option(channelCount, { nil: undefined }),
      classes: fc.integer({ min: 1, max: 5 }),
      dropoutRate: fc.constantFrom(0, 0.5),
      images: fc.integer({ min: 1, max: 3 }),
      timeSteps: fc.constantFrom(1, 2, 5, 8),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      firstImage: fc.integer({ min: 0, max: 5 }),
      encoder: fc.constantFrom(...kinds.encoders),
      signed: kinds.signed ? fc.boolean() : fc.constant(false),
      probeSteps: kinds.probes ? fc.constantFrom(0, 1, 2, 5) : fc.constant(0),
      leak: fc.constantFrom(1, 0.5),
      reset: fc.constantFrom('soft' as const, 'delayed-soft' as const, 'hard' as const),
      firing: fc.constantFrom('strict' as const, 'inclusive' as const),
      initial: fc.constantFrom(0, 0, 0.5, 0.25),
      potentials: kinds.potentials ? fc.boolean() : fc.constant(false),
      // How far weights lie above 0: the more, the more spikes.
      lift: fc.constantFrom(-8, -1, 0, 2, 8),
      noise: fc.infiniteStream(fc.integer({ min: -8, max: 8 })),
    })
    .map((shape) => {
      const { height, width, channels, noise } = shape;
      const layers: Layer[] = [];
      let spatial = [height, width, channels] as const;
      const add = (layer: Layer): void => {
        layers.push(layer);
        spatial = layerShapes({
          name: 'random',
          inputShape: [height, width, channels],
          classes: 1,
          layers,
        }).at(-1)!;
      };
      const dropout = (): void => {
        if (kinds.dropout && shape.dropoutRate > 0) {
          add({ kind: 'dropout', rate: shape.dropoutRate });
        }
      };
      shape.blocks.forEach(({ outChannels, kernel, stride, padding, bias, pool }, i) => {
        const fits = Math.min(spatial[0], spatial[1]) + 2 * padding >= kernel;
        if (!fits) return;
        add({
          kind: 'conv',
          name: `conv${i + 1}`,
          inChannels: spatial[2],
          outChannels,
          kernel,
          stride,
          padding,
          bias,
        });
        dropout();
        if (pool !== 'none' && Math.min(spatial[0], spatial[1]) >= 2)
          add({ kind: shape.signed ? 'average-pool' : pool, size: 2 });
      });
      add({ kind: 'flatten' });
      dropout();
      if (shape.hidden !== undefined) {
        add({
          kind: 'dense',
          name: 'hidden',
          inputs: spatial[2],
          outputs: shape.hidden,
          bias: true,
        });
      }
      add({
        kind: 'dense',
        name: 'output',
        inputs: spatial[2],
        outputs: shape.classes,
        bias: shape.classes > 2,
      });

      const architecture: Architecture = {
        name: 'random',
        inputShape: [height, width, channels],
        classes: shape.classes,
        layers,
      };
      const next = (): number => noise.next().value as number;
      const values = (length: number, map: (x: number) => number): Float32Array =>
        Float32Array.from({ length }, () => map(next()));
      const parameters: Record<string, { shape: number[]; data: Float32Array }> = {};
      const thresholds: Record<string, number> = {};
      for (const layer of layers) {
        if (layer.kind !== 'conv' && layer.kind !== 'dense') continue;
        const dimensions = parameterShapes(layer)[`${layer.name}.weight`]!;
        const outputs = dimensions.at(-1)!;
        parameters[`${layer.name}.weight`] = {
          shape: dimensions,
          data: values(
            dimensions.reduce((a, b) => a * b),
            (x) => (x + shape.lift) / 16,
          ),
        };
        if (layer.bias) {
          parameters[`${layer.name}.bias`] = {
            shape: [outputs],
            data: values(outputs, (x) => x / 16),
          };
        }
        if (layer.name !== 'output') thresholds[layer.name] = (Math.abs(next()) + 1) / 8;
      }
      // Below 0 and above 1 too.
      const initialPotentials = [...spikingChannels(architecture)].map(
        ([name, channels]) => [name, Array.from({ length: channels }, () => next() / 4)] as const,
      );
      const probeSteps = shape.signed ? 0 : Math.min(shape.probeSteps, shape.timeSteps);
      const conserves = shape.signed || probeSteps > 0;
      const isFixed = shape.encoder === 'constant';
      return {
        snn: {
          type: 'snn' as const,
          architecture,
          parameters,
          thresholds,
          neuron: {
            kind: 'integrate-and-fire',
            leak: conserves ? 1 : shape.leak,
            reset: conserves ? 'soft' : shape.reset,
            firing: shape.firing,
            initial: shape.initial,
            ...(shape.signed ? { signed: true } : {}),
            ...(probeSteps > 0 ? { probeSteps } : {}),
          },
          ...(shape.potentials ? { initialPotentials: Object.fromEntries(initialPotentials) } : {}),
          encoder: { kind: shape.encoder, range: [-1, 1] as const },
          readout: { kind: 'sum' as const, scale: 0.5 },
          timeSteps: shape.timeSteps,
          classNames: Array.from({ length: shape.classes }, (_, i) => `class ${i}`),
        },
        pixels: values(shape.images * height * width * channels, (x) =>
          isFixed ? Math.round(x / 2) / 4 : x / 8,
        ),
        seed: shape.seed,
        firstImage: shape.firstImage,
      };
    });
}

// Around the kernels' blocks of 32 and 64 channels too.
const channelCount = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.constantFrom(31, 32, 33, 63, 64, 65, 97) },
);

const block = fc.record({
  outChannels: channelCount,
  kernel: fc.integer({ min: 1, max: 4 }),
  stride: fc.integer({ min: 1, max: 3 }),
  padding: fc.integer({ min: 0, max: 2 }),
  bias: fc.boolean(),
  pool: fc.constantFrom('none' as const, 'average-pool' as const, 'max-pool' as const),
});

const tiledBlock = block.map((one) => ({ ...one, kernel: 3, stride: 1 }));
