import { pixelsIn, spikingLayers, type Ann, type Images, type Snn } from '@privatesnn/core';
import { scaleThresholds, toRates, type SpikingEngine } from '@privatesnn/spiking';

import type { Reconversion } from './reconversion.js';

/** The converter's options of these names. */
export interface BalancingOptions {
  readonly scaleApplied: 'while-balancing' | 'afterwards';
  readonly percentile: number;
  /** Null for the network's own T. */
  readonly calibrationSteps: number | null;
}

interface BalancingParts extends BalancingOptions {
  readonly engine: SpikingEngine;
  readonly network: Snn;
  readonly ann: Ann;
  readonly calibration: Images;
  /** Of the noise while balancing. */
  readonly seed: number;
  readonly signal: AbortSignal;
}

/**
 * A network balanced again. Its thresholds are those of the network that is there, times what balancing gives with the
 * change over what it gives without, on the same images with the same noise: so a part of the calibration images is
 * enough, and α need not be known exactly. Where balancing gives the very thresholds of the network, so does the change.
 */
export function rebalancing(parts: BalancingParts): Reconversion['convert'] {
  const { engine, network, ann, calibration, seed, signal, percentile } = parts;
  const { architecture, neuron, encoder, thresholds } = network;
  const afterwards = parts.scaleApplied === 'afterwards';
  const stepsOf = (timeSteps: number) => parts.calibrationSteps ?? timeSteps;
  const found = new Map<string, Readonly<Record<string, number>>>();

  async function balanced(scale: number, timeSteps: number) {
    const key = `${scale} ${timeSteps}`;
    const known = found.get(key);
    if (known) return known;
    const balance = await engine.balanceThresholds({
      architecture,
      parameters: ann.parameters,
      neuron,
      encoder,
      timeSteps,
      scale,
      scaleBiases: true,
      percentile,
      pixels: pixelsIn(calibration, encoder.range),
      seed,
      signal,
    });
    found.set(key, balance.thresholds);
    return balance.thresholds;
  }

  return async (value, timeSteps) => {
    const factor = value ?? 1;
    const steps = stepsOf(network.timeSteps);
    const [first] = spikingLayers(architecture);
    const unscaled = await balanced(1, steps);
    // The first layer's currents do not depend on thresholds, nor that of a clipped ReLU on α.
    const alpha =
      first!.maximum === undefined
        ? wholesome(thresholds[first!.name]! / unscaled[first!.name]!)
        : 1;
    if (!Number.isFinite(alpha)) return undefined;
    const now = afterwards
      ? scaleThresholds(architecture, unscaled, alpha)
      : await balanced(alpha, steps);
    const changed = afterwards
      ? scaleThresholds(architecture, await balanced(1, stepsOf(timeSteps)), alpha * factor)
      : await balanced(alpha * factor, stepsOf(timeSteps));
    const scaled: Record<string, number> = {};
    for (const [layer, threshold] of Object.entries(thresholds)) {
      const ratio = threshold / now[layer]!;
      scaled[layer] = Math.fround((near(ratio, 1) ? 1 : ratio) * changed[layer]!);
      if (!(scaled[layer] > 0)) return undefined;
    }
    const inRates = toRates(architecture, ann.parameters, scaled);
    return { ...network, ...inRates, thresholds: scaled, timeSteps };
  };
}

/** A number that somebody may have written, where it is within rounding of one. */
function wholesome(alpha: number): number {
  const written = Number(alpha.toPrecision(3));
  return near(alpha, written) ? written : alpha;
}

function near(a: number, b: number): boolean {
  return Math.abs(a / b - 1) < 1e-5;
}
