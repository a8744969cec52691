import type { Snn } from '@privatesnn/core';

import { checkInference } from '../checks.js';
import { encode } from '../encoder.js';
import type { Inference, InferenceRequest } from '../engine.js';
import { probeStepsOf } from '../offset-spikes.js';
import { readAfterOf } from '../readout-checks.js';
import { isSigned } from '../taking-back.js';
import { ActivityCounter } from './activity.js';
import { simulateAdaptive } from './adaptive.js';
import { forEachImage } from './batch.js';
import { computed, inputsOf, operationsOf, type Operation, type Signal } from './network.js';
import { integrate, type ImageRun } from './readout.js';
import { neuronsOf, runNeurons } from './spiking-layer.js';
import { OperationCounter } from './synaptic-operations.js';

/** Runs images through a network, one after the other. */
export async function infer(request: InferenceRequest): Promise<Inference> {
  const { images, timeSteps, recordAt } = checkInference(request);
  const { snn, raster = [] } = request;
  const { classes } = snn.architecture;
  const operations = operationsOf(snn.architecture, snn.parameters, snn.gains);
  const run = simulationOf(snn);
  const activity = new ActivityCounter(snn.architecture, isSigned(snn.neuron));
  const counter = new OperationCounter(operations, snn.encoder.kind, probeStepsOf(snn.neuron));
  const potentials = new Float32Array(images * recordAt.length * classes);
  const rasters = new Map<string, Uint8Array>();
  await forEachImage(request, images, (pixels, image, number) => {
    const input = encode(snn.encoder.kind, pixels, {
      seed: request.seed,
      image: number,
      timeSteps,
    });
    const { spikes, read } = run(snn, operations, input, recordAt);
    for (const [layer, signal] of spikes) {
      activity.add(layer, signal);
      if (raster.includes(layer)) addRaster(rasters, layer, signal, image, images);
    }
    counter.add(spikes);
    potentials.set(read, image * recordAt.length * classes);
  });
  return {
    potentials,
    activity: activity.counts(),
    operations: counter.counts(),
    raster: Object.fromEntries(rasters),
  };
}

/** What takes one image through a network, or through its first operations: by the kind of its neurons. */
export function simulationOf({ neuron }: Snn) {
  return neuron.kind === 'adaptive' ? simulateAdaptive : simulate;
}

/** One image through a network of integrate-and-fire neurons. */
function simulate(
  snn: Snn,
  operations: readonly Operation[],
  input: Signal,
  recordAt: readonly number[],
): ImageRun {
  const spikes = new Map<string, Signal>([['input', input]]);
  const outputs: Signal[] = [];
  for (const operation of operations) {
    let signal = computed(operation, inputsOf(operation, input, outputs));
    if ('spikes' in operation && operation.spikes) {
      const { name } = operation.layer;
      signal = runNeurons(signal, neuronsOf(snn, name, 'simulate')).spikes;
      spikes.set(name, signal);
    }
    outputs.push(signal);
  }
  return { spikes, read: integrate(outputs.at(-1)!, recordAt, readAfterOf(snn)) };
}

/** Writes one image's spikes: a byte a step and neuron, 1 for a positive spike, 255 for a negative one. */
export function addRaster(
  rasters: Map<string, Uint8Array>,
  layer: string,
  signal: Signal,
  image: number,
  images: number,
): void {
  const neurons = signal[0]!.length;
  const size = signal.length * neurons;
  const bytes = rasters.get(layer) ?? new Uint8Array(images * size);
  rasters.set(layer, bytes);
  signal.forEach((spikes, step) =>
    spikes.forEach((spike, i) => (bytes[image * size + step * neurons + i] = Math.sign(spike))),
  );
}
