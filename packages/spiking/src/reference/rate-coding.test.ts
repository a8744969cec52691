import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  layerShapes,
  sourcesOf,
  spikingLayers,
  summingLayers,
  type Architecture,
  type Layer,
  type LayerShape,
  type Parameters,
  type Snn,
} from '@privatesnn/core';
import {
  arbitraryGraph,
  arbitraryParameters,
  arbitraryPixels,
  classNames,
  naiveLayer,
} from '@privatesnn/testkit';

import { reconvertToAnn } from '../reconvert.js';
import { modelBasedScales, normaliseWeights } from '../normalisation.js';
import { currentUnits, toRates, type InRates } from '../units.js';
import { createReferenceEngine } from './engine.js';

const engine = createReferenceEngine();

/** Graphs whose layers spikes compute: not max-pooling, of which any spike is not the largest. */
const cases = arbitraryGraph({
  kinds: [
    ...(['conv', 'conv', 'add', 'add', 'concat', 'average-pool', 'shortcut', 'dense'] as const),
    'flatten',
  ],
}).chain((architecture) =>
  fc.record({
    architecture: fc.constant(architecture),
    parameters: arbitraryParameters(architecture),
    pixels: arbitraryPixels(architecture, [0, 1], 1),
  }),
);

/** The ANN's outputs of one image: logits, and the largest number of each layer. */
function ann(architecture: Architecture, parameters: Parameters, pixels: Float32Array) {
  const shapes = layerShapes(architecture);
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const largest: Record<string, number> = {};
  const outputs: { shape: LayerShape; values: ArrayLike<number> }[] = [];
  architecture.layers.forEach((layer, index) => {
    const inputs = sources[index]!.map(
      (source) =>
        outputs[source] ?? { shape: [...architecture.inputShape] as LayerShape, values: pixels },
    );
    const values = naiveLayer(layer, inputs, shapes[index]!, parameters).map((x) => {
      const { maximum = Infinity } = layer as { maximum?: number };
      return spiking.has(layer) ? Math.min(maximum, Math.max(0, x)) : x;
    });
    if (layer.name) largest[layer.name] = Math.max(...values.map(Math.abs));
    outputs.push({ shape: shapes[index]!, values });
  });
  return { logits: Array.from(outputs.at(-1)!.values), largest };
}

function network(
  architecture: Architecture,
  inRates: InRates,
  thresholds: Readonly<Record<string, number>>,
): Snn {
  return {
    type: 'snn',
    architecture,
    ...inRates,
    thresholds,
    neuron: {
      kind: 'integrate-and-fire',
      leak: 1,
      reset: 'soft',
      firing: 'inclusive',
      initial: 0.5,
    },
    encoder: { kind: 'constant', range: [0, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps: 1,
    classNames: classNames(architecture.classes),
  };
}

/** The mean potentials after T time-steps, in units of the ANN's logits, and how far they are from those. */
async function distance(
  snn: Snn,
  pixels: Float32Array,
  unit: number,
  logits: number[],
  timeSteps: number,
) {
  const { potentials } = await engine.infer({ snn, pixels, seed: 0, timeSteps });
  return Math.max(
    ...logits.map((logit, i) => Math.abs((unit * potentials[i]!) / timeSteps - logit)),
  );
}

describe('rates of a converted graph', () => {
  it('become the activations of the ANN: balanced thresholds, exact gains at joins, clipped ReLUs', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ architecture, parameters, pixels }) => {
        const balance = await engine.balanceThresholds({
          architecture,
          parameters,
          pixels,
          neuron: network(architecture, { parameters }, {}).neuron,
          encoder: { kind: 'constant', range: [0, 1] },
          timeSteps: 64,
          scale: 1.5,
          scaleBiases: true,
          percentile: 100,
          seed: 0,
        });
        const { thresholds } = balance;
        if (spikingLayers(architecture).some(({ name }) => !(name in thresholds))) return;
        const snn = network(
          architecture,
          toRates(architecture, parameters, thresholds),
          thresholds,
        );
        const { logits, largest } = ann(architecture, parameters, pixels);
        const unit = currentUnits(architecture, thresholds)[
          summingLayers(architecture).at(-1)!.name
        ]!;
        const scale = Math.max(0.05, ...Object.values(largest));
        const far = await distance(snn, pixels, unit, logits, 800);
        expect(far / scale).toBeLessThan(0.05);
        if (spikingLayers(architecture).length > 1) compared++;
      }),
      { numRuns: 120 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  it('become the activations of the ANN: normalised weights', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ architecture, parameters, pixels }) => {
        let scales;
        try {
          scales = modelBasedScales(architecture, parameters);
        } catch {
          return;
        }
        const thresholds = Object.fromEntries(
          spikingLayers(architecture).map(({ name }) => [name, 1]),
        );
        const snn = network(
          architecture,
          normaliseWeights(architecture, parameters, scales),
          thresholds,
        );
        const { logits } = ann(architecture, parameters, pixels);
        const unit = scales[summingLayers(architecture).at(-1)!.name]!;
        const far = await distance(snn, pixels, unit, logits, 800);
        const reach = Math.max(0.05, ...Object.values(scales));
        expect(far / reach).toBeLessThan(0.05);
        if (spikingLayers(architecture).length > 1) compared++;
      }),
      { numRuns: 120 },
    );
    expect(compared).toBeGreaterThan(20);
  });

  it('become the activations of the re-converted ANN, whatever the gains', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        cases,
        fc.array(fc.constantFrom(0.5, 1, 1.5), { minLength: 4, maxLength: 4 }),
        async ({ architecture, parameters, pixels }, factors) => {
          const thresholds = Object.fromEntries(
            spikingLayers(architecture).map(({ name }, i) => [name, 2 + (i % 3)]),
          );
          const joins = architecture.layers.filter(({ from }) => (from?.length ?? 0) > 1);
          const gains = Object.fromEntries(
            joins.map(({ name, from }, i) => [name!, from!.map((_, k) => factors[(i + k) % 4]!)]),
          );
          const snn = network(architecture, { parameters, gains }, thresholds);
          const again = reconvertToAnn(snn);
          const { logits, largest } = ann(again.architecture, again.parameters, pixels);
          const last = summingLayers(architecture).at(-1)!.name;
          const unit = currentUnits(architecture, thresholds)[last]!;
          // Nothing may be cut off: rates are at most 1.
          const units = currentUnits(architecture, thresholds);
          const isWhole = spikingLayers(architecture).every(
            ({ name, maximum }) =>
              maximum !== undefined || largest[name]! < 0.9 * units[name]! * thresholds[name]!,
          );
          if (!isWhole) return;
          const far = await distance(snn, pixels, unit, logits, 1500);
          expect(far / Math.max(unit / 10, ...Object.values(largest))).toBeLessThan(0.05);
          if (joins.length > 0 && spikingLayers(architecture).length > 0) compared++;
        },
      ),
      { numRuns: 40 },
    );
    expect(compared).toBeGreaterThan(10);
  });
});
