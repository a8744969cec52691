import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  layerShapes,
  sourcesOf,
  spikingLayers,
  weightedLayers,
  type Architecture,
  type Layer,
  type LayerShape,
  type Parameter,
  type Parameters,
} from '@privatesnn/core';
import {
  arbitraryGraph,
  arbitraryParameters,
  arbitraryPixels,
  naiveLayer,
} from '@privatesnn/testkit';

import { scalableLayers, scaleChannels, type ChannelFactors } from './channel-scales.js';

/** Powers of two, which change no digit: the results must be equal bit by bit. */
const factor = fc.integer({ min: -3, max: 3 }).map((k) => 2 ** k);

const cases = arbitraryGraph().chain((architecture) => {
  const scalable = scalableLayers(architecture);
  return fc.record({
    architecture: fc.constant(architecture),
    parameters: arbitraryParameters(architecture),
    pixels: arbitraryPixels(architecture, [-1, 1], 1),
    factors: fc
      .tuple(
        ...scalable.map((layer) => {
          const channels = layer.kind === 'conv' ? layer.outChannels : layer.outputs;
          return fc.array(factor, { minLength: channels, maxLength: channels });
        }),
      )
      .map((values): ChannelFactors =>
        Object.fromEntries(scalable.map(({ name }, i) => [name, values[i]!])),
      ),
  });
});

/** What each layer gives when `neurons` follow the layers that spike. */
function run(
  architecture: Architecture,
  parameters: Parameters,
  pixels: Float32Array,
  neurons: (name: string, values: number[], channels: number) => number[],
) {
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const outputs: { shape: LayerShape; values: number[] }[] = [];
  architecture.layers.forEach((layer, index) => {
    const inputs = sources[index]!.map(
      (source) =>
        outputs[source] ?? {
          shape: [...architecture.inputShape] as LayerShape,
          values: Array.from(pixels),
        },
    );
    const shape = shapes[index]!;
    const values = naiveLayer(layer, inputs, shape, parameters);
    outputs.push({
      shape,
      values: spiking.has(layer) ? neurons(layer.name!, values, shape[2]) : values,
    });
  });
  return outputs;
}

describe('scaleChannels', () => {
  it('changes nothing that any network computes', () => {
    fc.assert(
      fc.property(cases, ({ architecture, parameters, pixels, factors }) => {
        const clips = new Map(spikingLayers(architecture).map((l) => [l.name, l.maximum]));
        const relu = (name: string, values: number[]) =>
          values.map((x) => Math.min(clips.get(name) ?? Infinity, Math.max(0, x)));
        const before = run(architecture, parameters, pixels, relu);
        const scaled = scaleChannels(architecture, parameters, factors);
        const after = run(architecture, scaled, pixels, relu);
        expect(after.at(-1)!.values).toEqual(before.at(-1)!.values);
        architecture.layers.forEach(({ name = '' }, index) => {
          const own = factors[name];
          if (!own) return;
          const { values, shape } = before[index]!;
          expect(after[index]!.values).toEqual(values.map((x, i) => x / own[i % shape[2]]!));
        });
      }),
      { numRuns: 300 },
    );
  });

  it('is what thresholds of single channels do: the same spikes at every time-step', () => {
    const threshold = 0.5;
    fc.assert(
      fc.property(cases, ({ architecture, parameters, pixels, factors }) => {
        const scaled = scaleChannels(architecture, parameters, factors);
        const unscaled = { ...scaled };
        for (const layer of weightedLayers(architecture)) {
          const own = factors[layer.name];
          if (!own) continue;
          for (const key of [`${layer.name}.weight`, `${layer.name}.bias`]) {
            const parameter: Parameter | undefined = scaled[key];
            if (!parameter) continue;
            const data = parameter.data.map((w, i) => w * own[i % own.length]!);
            unscaled[key] = { shape: parameter.shape, data };
          }
        }
        const spikes = (weights: Parameters, thresholdOf: (name: string, c: number) => number) => {
          const membranes = new Map<string, number[]>();
          return Array.from({ length: 4 }, () =>
            run(architecture, weights, pixels, (name, currents, channels) => {
              const membrane =
                membranes.get(name) ?? currents.map((_, i) => thresholdOf(name, i % channels) / 2);
              membranes.set(name, membrane);
              return currents.map((current, i) => {
                const theta = thresholdOf(name, i % channels);
                const u = membrane[i]! + current;
                membrane[i] = u > theta ? u - theta : u;
                return u > theta ? 1 : 0;
              });
            }),
          );
        };
        expect(spikes(scaled, () => threshold)).toEqual(
          spikes(unscaled, (name, c) => threshold * (factors[name]?.[c] ?? 1)),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('refuses what reaches an add', () => {
    const architecture: Architecture = {
      name: 'residual',
      inputShape: [2, 2, 1],
      classes: 2,
      layers: [
        conv('a', 1),
        conv('b', 2),
        { kind: 'add', name: 'sum', from: ['a', 'b'] },
        conv('c', 2),
        { kind: 'flatten' },
        { kind: 'dense', name: 'out', inputs: 8, outputs: 2, bias: false },
      ],
    };
    expect(scalableLayers(architecture).map(({ name }) => name)).toEqual(['c']);
    const parameters = fc.sample(arbitraryParameters(architecture), 1)[0]!;
    expect(() => scaleChannels(architecture, parameters, { b: [2, 2] })).toThrow(/"sum"/);
  });
});

function conv(name: string, inChannels: number): Layer {
  return {
    ...{ kind: 'conv', name, inChannels, outChannels: 2, kernel: 3, stride: 1, padding: 1 },
    bias: true,
  };
}
