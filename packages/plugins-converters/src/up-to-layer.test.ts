import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';

import { spikingLayers, type Snn } from '@privatesnn/core';
import { createEngine } from '@privatesnn/spiking';
import {
  arbitraryEncoder,
  arbitraryGraph,
  arbitraryNeuron,
  arbitraryParameters,
  arbitraryPixels,
  arbitraryThresholds,
  classNames,
} from '@privatesnn/testkit';

import { upToLayer } from './up-to-layer.js';

const engine = await createEngine({ implementation: 'wasm', threads: 0 });
afterAll(() => engine.close());

const runs = arbitraryGraph()
  .filter((architecture) => spikingLayers(architecture).length > 0)
  .chain((architecture) =>
    fc
      .record({
        type: fc.constant('snn' as const),
        architecture: fc.constant(architecture),
        parameters: arbitraryParameters(architecture),
        thresholds: arbitraryThresholds(architecture),
        neuron: arbitraryNeuron(),
        encoder: arbitraryEncoder(),
        readout: fc.constant({ kind: 'sum', scale: 1 } as const),
        timeSteps: fc.integer({ min: 1, max: 6 }),
        classNames: fc.constant(classNames(architecture.classes)),
      })
      .chain((snn) =>
        fc.record({
          snn: fc.constant<Snn>(snn),
          pixels: arbitraryPixels(architecture, snn.encoder.range, 2),
          seed: fc.nat(2 ** 32 - 1),
        }),
      ),
  );

it('gives the spikes that the layer has in the whole network', async () => {
  await fc.assert(
    fc.asyncProperty(runs, fc.nat(), async ({ snn, pixels, seed }, which) => {
      const names = spikingLayers(snn.architecture).map(({ name }) => name);
      const name = names[which % names.length]!;
      const part = upToLayer(snn, name);
      const whole = await engine.infer({ snn, pixels, seed, raster: [name] });
      const found = await engine.infer({ snn: part, pixels, seed, raster: [name] });
      expect(found.raster[name]).toEqual(whole.raster[name]);
      expect(part.architecture.layers.length).toBeLessThanOrEqual(
        snn.architecture.layers.length + 2,
      );
      expect(found.potentials.every((value) => value === 0)).toBe(true);
    }),
    { numRuns: 150 },
  );
});
