import { spikingChannels, type Snn } from '@privatesnn/core';
import { integrateAndFireOf, type TriedLayer } from '@privatesnn/spiking';

import type { Correction } from './calibrate.js';

/**
 * Initial potentials in units of thresholds. One that is θ higher is one spike more within T time-steps, which stands for an
 * activation of θ/T: v ← v + T · (mean(a) − θ · mean(rate)) / θ (Li 2021).
 */
export class PotentialCorrection implements Correction {
  /** v as they are now, by layer, [channels]. */
  initialPotentials: Record<string, number[]>;

  /**
   * @param snn the network before it is corrected
   * @param units θ of each spiking layer in units of activations
   */
  constructor(
    private readonly snn: Snn,
    private readonly units: Readonly<Record<string, number>>,
  ) {
    const { initial } = integrateAndFireOf(snn, 'calibrate initial potentials of');
    const layers = [...spikingChannels(snn.architecture)];
    this.initialPotentials = Object.fromEntries(
      layers.map(([name, channels]) => [name, new Array<number>(channels).fill(initial)]),
    );
  }

  numbers(name: string): Float64Array {
    return Float64Array.from(this.initialPotentials[name]!);
  }

  effect(name: string): number {
    return this.units[name]! / this.snn.timeSteps;
  }

  set(name: string, potentials: Float64Array): TriedLayer {
    this.initialPotentials = { ...this.initialPotentials, [name]: [...potentials] };
    return { initialPotentials: this.initialPotentials };
  }
}
