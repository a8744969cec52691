import type { IntegrateAndFire } from '@privatesnn/core';

import { checkInference, integrateAndFireOf } from '../checks.js';
import { encode } from '../encoder.js';
import type { Inference, InferenceRequest } from '../engine.js';
import { integerLayers, integerLeak, integerLimit, integerPixel, pixelUnits } from '../integer.js';
import { ActivityCounter } from './activity.js';
import { forEachImage } from './batch.js';
import { addRaster } from './inference.js';
import { currents, operationsOf, pooled, type Signal } from './network.js';
import { OperationCounter } from './synaptic-operations.js';

/** Inference in integers (see integer.ts), of networks small enough for float32 to hold every current exactly. */
export async function inferInteger(request: InferenceRequest): Promise<Inference> {
  const { images, timeSteps, recordAt } = checkInference(request);
  const { snn, seed, raster = [] } = request;
  const { classes } = snn.architecture;
  const layers = integerLayers(snn, timeSteps);
  const operations = operationsOf(snn.architecture, snn.parameters);
  const activity = new ActivityCounter(snn.architecture);
  const counter = new OperationCounter(operations, snn.encoder.kind);
  const potentials = new Float32Array(images * recordAt.length * classes);
  const rasters = new Map<string, Uint8Array>();
  const isConstant = snn.encoder.kind === 'constant';
  const neuron = integrateAndFireOf(snn, 'compute in integers');

  await forEachImage(request, images, (pixels, image, number) => {
    const spikesByLayer = new Map<string, Signal>();
    const keep = (name: string, spikes: Signal): void => {
      spikesByLayer.set(name, spikes);
      activity.add(name, spikes);
      if (raster.includes(name)) addRaster(rasters, name, spikes, image, images);
    };
    const input = encode(snn.encoder.kind, pixels, { seed, image: number, timeSteps });
    keep('input', input);
    let signal: Signal = isConstant ? input.map((x) => x.map(integerPixel)) : input;
    let index = 0;
    for (const operation of operations) {
      if (operation.kind === 'average-pool') {
        // Sums in the place of means: the unit of the next layer holds the factor.
        const { area } = operation.pooling;
        signal = pooled(operation, signal).map((x) => x.map((mean) => Math.round(mean * area)));
      } else if (operation.kind === 'max-pool') {
        signal = pooled(operation, signal);
      } else if (operation.kind === 'weighted') {
        const { weight, bias, threshold, unit } = layers[index]!;
        const sums = currents(
          { ...operation, weight: Float32Array.from(weight), bias: undefined },
          signal,
        );
        const perUnit = isConstant && index === 0 ? pixelUnits : 1;
        const current = sums.map((x) =>
          Float64Array.from(
            x,
            (sum, i) => Math.round(sum / perUnit) + (bias?.[i % bias.length] ?? 0),
          ),
        );
        index++;
        if (operation.last) {
          const sum = new Float64Array(classes);
          current.forEach((x, t) => {
            x.forEach((value, i) => (sum[i]! += value));
            const row = image * recordAt.length + recordAt.indexOf(t + 1);
            if (recordAt.includes(t + 1))
              potentials.set(
                sum.map((u) => u * unit),
                row * classes,
              );
          });
        } else {
          signal = runIntegers(current, neuron, threshold);
          keep(operation.layer.name, signal);
        }
      }
    }
    counter.add(spikesByLayer);
  });
  return {
    potentials,
    activity: activity.counts(),
    operations: counter.counts(),
    raster: Object.fromEntries(rasters),
  };
}

/** Neurons with integer membranes through all time-steps. */
function runIntegers(
  current: readonly Float64Array[],
  { reset, leak, firing, initial }: IntegrateAndFire,
  threshold: number,
): Signal {
  const kept = integerLeak(leak);
  const leaked = (u: number): number => Math.round((u * kept) / 2 ** 15);
  const spikes = current.map((x) => new Float32Array(x.length));
  for (let i = 0; i < current[0]!.length; i++) {
    let membrane = leaked(Math.round(initial * threshold));
    for (const [t, x] of current.entries()) {
      const u = Math.min(integerLimit, Math.max(-integerLimit, membrane + x[i]!));
      const fires = firing === 'strict' ? u > threshold : u >= threshold;
      spikes[t]![i] = fires ? 1 : 0;
      const taken = fires ? threshold : 0;
      if (reset === 'soft') membrane = leaked(u - taken);
      else if (reset === 'delayed-soft') membrane = leaked(u) - taken;
      else membrane = fires ? 0 : leaked(u);
    }
  }
  return spikes;
}
