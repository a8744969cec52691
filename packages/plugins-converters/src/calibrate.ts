import { pixelsIn, type Images, type Snn } from '@privatesnn/core';
import type { SpikingEngine, TriedLayer } from '@privatesnn/spiking';

/** Rounds for each layer: what the first leaves, as rates are rounded and cut off, the second takes. */
const rounds = 2;

/** A number for each channel of a layer that moves its mean rate, so that it can be corrected. */
export interface Correction {
  /** The numbers of a spiking layer, [channels]; undefined where it has none. */
  numbers(layer: string): Float64Array | undefined;
  /** How much larger a mean activation becomes, about, by a number that is 1 larger. */
  effect(layer: string): number;
  /** Gives a layer other numbers. @returns what a sweep has to try for them */
  set(layer: string, numbers: Float64Array): TriedLayer;
}

/** What a network's neurons are to give, and how they are asked. */
export interface Calibration {
  readonly engine: SpikingEngine;
  /** The network before it is corrected. */
  readonly snn: Snn;
  /** θ of each spiking layer in units of activations: what a rate of one spike a time-step stands for. */
  readonly units: Readonly<Record<string, number>>;
  /** Mean activation of each channel of the ANN, by layer. */
  readonly means: Readonly<Record<string, Float64Array>>;
  readonly images: Images;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * Corrects numbers of channels so that mean rates follow mean activations (Li 2021): of layer after layer, channel by
 * channel, by what is missing, mean(a) − θ · mean(rate), where that brings the two closer. The rates are those of the
 * spiking network whose layers before have been corrected, so that what these still do wrong is made good too. What one
 * correction leaves of a layer the next one takes.
 */
export async function calibrate(
  { engine, snn, units, means, images, seed, signal, onProgress }: Calibration,
  corrections: readonly Correction[],
): Promise<void> {
  await engine.sweepLayers({
    ...{ snn, pixels: pixelsIn(images, snn.encoder.range), seed, signal, onProgress },
    async atLayer(name, rates) {
      for (const correction of corrections) {
        const best = correction.numbers(name);
        if (!best) continue;
        const missingOf = async (numbers: Float64Array) => {
          const found = await rates(correction.set(name, numbers));
          return found.map((rate, c) => means[name]![c]! - units[name]! * rate);
        };
        const missing = await missingOf(best);
        for (let round = 1; round <= rounds; round++) {
          const tried = best.map((value, c) => value + missing[c]! / correction.effect(name));
          const left = await missingOf(tried);
          // Channels of a layer do not depend on each other, so each keeps its better number.
          left.forEach((value, c) => {
            if (Math.abs(value) < Math.abs(missing[c]!)) [best[c], missing[c]] = [tried[c]!, value];
          });
        }
        await rates(correction.set(name, best));
      }
    },
  });
}
