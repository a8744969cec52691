import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Heap } from '../heap.js';
import { trainingPlan } from '../joint.js';
import { startsOf, thresholdsOf } from '../infer.js';
import type { KernelName, Layouts, Results, Values } from '../kernel-layouts.js';
import { loadKernels } from '../kernels.js';
import { planOf } from '../plan.js';
import { expectClose } from '../testing/expect-close.js';
import { networkCase, type NetworkCase } from '../testing/random-network.js';
import { binaryRun } from '../testing/residual-network.js';
import { trainedLayer } from '../trained-layer.js';
import { Training } from './training.js';

/** Counts ways back through dense sources. */
class CountingHeap extends Heap {
  tiled = 0;

  override run<K extends KernelName>(kernel: K, values: Values<Layouts[K]>): Results<Layouts[K]> {
    if ('tiles' in values && (values.tiles as { values: number }).values > 0) this.tiled++;
    return super.run(kernel, values);
  }
}

/** Sources are lists. */
class Listed extends Training {
  override mayTile(): boolean {
    return false;
  }
}

/** Goes back one row of pooled pixels at a time, and keeps no potentials. */
class RowByRow extends Listed {
  override firstKept = this.last;

  override bandBytes = 1;
}

const kernels = loadKernels();

/** The gradients of a network's images [first, first + count) together: parameters, the input's, then thresholds. */
function gradientsOf(
  Kind: typeof Training,
  { snn, pixels, seed }: Omit<NetworkCase, 'firstImage'>,
  { first = 0, count = 1, heap = new Heap(kernels) } = {},
): number[][] {
  const { plan, original, placements, ways } = trainingPlan(planOf(snn.architecture))!;
  const layers = original.layers.map((layer, i) => trainedLayer(layer, placements[i]!, snn));
  const training = new Kind(heap, {
    network: {
      plan,
      parameters: layers,
      thresholds: thresholdsOf(snn),
      initialPotentials: startsOf(snn),
      neuron: snn.neuron,
      encoder: snn.encoder.kind,
      timeSteps: snn.timeSteps,
      seed,
      dropout: true,
    },
    ways,
    surrogate: { kind: 'exponential', gamma: 1, divideByTheta: false },
    detachReset: false,
    wanted: { parameters: true, thresholds: true, input: true },
    scale: 1,
    together: count,
    memoryBudget: 2 ** 30,
  });
  const [height, width, channels] = snn.architecture.inputShape;
  const size = height * width * channels;
  const images = {
    pixels: pixels.slice(first * size, (first + count) * size),
    number: first,
    count,
  };
  const { logits } = training.forward(images);
  const { classes } = snn.architecture;
  const atInput = training.backward(
    logits.map((_, i) => (i % classes) - 0.5 + first + Math.floor(i / classes)),
  );
  const parameters = layers.flatMap((layer, index) => {
    const sums = new Float32Array(training.sums.sizes()[index]!);
    training.sums.addTo(index, sums);
    training.sums.unpack(index, 1, sums);
    return Object.values(layer.gradients(sums)).flatMap((one) => [...one]);
  });
  return [
    parameters,
    [...atInput!],
    [...training.sums.readAndResetThresholds()].map((sum) => Math.fround(sum)),
  ];
}

it('computes the same gradients in bands of one row, without potentials that were kept, as in one band with them', () => {
  const chain = networkCase({ encoders: ['poisson', 'constant'], dropout: true, potentials: true });
  const residual = binaryRun.filter(
    ({ snn }) => trainingPlan(planOf(snn.architecture)) !== undefined,
  );
  const anyNetwork = fc.oneof(chain, residual);
  fc.assert(
    fc.property(anyNetwork, (network) => {
      const [parameters, input, thresholds] = gradientsOf(RowByRow, network);
      const expected = gradientsOf(Listed, network);
      expect(parameters).toEqual(expected[0]);
      expect(input).toEqual(expected[1]);
      // Of the thresholds, each band's sum is rounded.
      thresholds!.forEach((sum, i) => {
        const other = expected[2]![i]!;
        expect(Math.abs(sum - other)).toBeLessThanOrEqual(1e-4 * (1 + Math.abs(other)));
      });
    }),
    { numRuns: 100 },
  );
});

it('computes the gradients of images together that are the sums of those of each alone', () => {
  const chain = networkCase({
    encoders: ['poisson', 'constant', 'first-spike'],
    dropout: false,
    potentials: true,
  });
  const residual = binaryRun.filter(
    ({ snn }) => trainingPlan(planOf(snn.architecture)) !== undefined,
  );
  fc.assert(
    fc.property(fc.oneof(chain, residual), (network) => {
      const { inputShape } = network.snn.architecture;
      const count = network.pixels.length / inputShape.reduce((product, n) => product * n, 1);
      const together = gradientsOf(Training, network, { count });
      const alone = Array.from({ length: count }, (_, first) =>
        gradientsOf(Training, network, { first }),
      );
      expect(together[1]).toEqual(alone.flatMap(([, input]) => input!));
      for (const kind of [0, 2]) {
        together[kind]!.forEach((sum, i) => {
          const parts = alone.map((one) => one[kind]![i]!);
          const size = parts.reduce((all, part) => all + Math.abs(part), 0);
          const expected = parts.reduce((all, part) => all + part, 0);
          expect(Math.abs(sum - expected)).toBeLessThanOrEqual(1e-4 * (1 + size));
        });
      }
    }),
    { numRuns: 100 },
  );
});

it('computes the same gradients by dense sources as by lists', () => {
  const tiled = networkCase({
    encoders: ['poisson', 'constant', 'first-spike'],
    dropout: true,
    tiled: true,
  });
  let [runs, tiledRuns] = [0, 0];
  fc.assert(
    fc.property(tiled, (network) => {
      const heap = new CountingHeap(kernels);
      const actual = gradientsOf(Training, network, { heap });
      const expected = gradientsOf(Listed, network);
      actual.forEach((part, i) => expectClose(part, expected[i]!));
      runs++;
      if (heap.tiled > 0) tiledRuns++;
    }),
    { numRuns: 150 },
  );
  expect(tiledRuns).toBeGreaterThan(runs / 15);
});
