import { weightedLayers, type AdaptiveNeuron, type Ann, type Snn } from '@privatesnn/core';
import { rateAtCurrent, toRates } from '@privatesnn/spiking';

import type { Reconversion } from './reconversion.js';

/**
 * A network of adaptive neurons with another threshold at rest, ϑ₀. The converter gives spikes such a height h that
 * `matchAt` passes a neuron unchanged, at the rate r = matchAt/h; the neuron tells r, as the rate that the current r
 * causes. With f·ϑ₀ the rate at that current is r' = rate(r, f·ρ), and h' = h·r/r', ρ' = f·ρ·r'/r; only the first
 * layer's threshold holds h.
 *
 * @param expected about r, where the neuron has several such rates
 */
export function rematching(network: Snn, ann: Ann, expected: number): Reconversion['convert'] {
  return (factor, timeSteps) => {
    if (factor === null) return Promise.resolve({ ...network, timeSteps });
    const neuron = network.neuron as AdaptiveNeuron;
    const matched = matchedRate(neuron, expected);
    if (matched === undefined) return Promise.resolve(undefined);
    const rate = rateAtCurrent(matched, { ...neuron, rest: factor * neuron.rest });
    if (!(rate > 0)) return Promise.resolve(undefined);
    const { architecture, readout } = network;
    const [first] = weightedLayers(architecture);
    const height = matched / rate;
    const thresholds = {
      ...network.thresholds,
      [first!.name]: Math.fround(network.thresholds[first!.name]! * height),
    };
    return Promise.resolve({
      ...network,
      neuron: { ...neuron, rest: (factor * neuron.rest) / height },
      thresholds,
      ...toRates(architecture, ann.parameters, thresholds),
      readout:
        readout.kind === 'filtered' ? { ...readout, scale: readout.scale * height } : readout,
      timeSteps,
    });
  };
}

/**
 * The rate that a constant current of its own size causes, in (0, 1]; of several the one nearest to `expected`, undefined
 * where there is none.
 */
function matchedRate(neuron: AdaptiveNeuron, expected: number): number | undefined {
  const steps = 1000;
  const excess = (current: number) => rateAtCurrent(current, neuron) - current;
  const matches: number[] = excess(1) === 0 ? [1] : [];
  for (let i = 1; i < steps; i++) {
    let [low, high] = [i / steps, (i + 1) / steps];
    const sign = Math.sign(excess(low));
    if (sign === Math.sign(excess(high))) continue;
    for (let halving = 0; halving < 50; halving++) {
      const middle = (low + high) / 2;
      if (Math.sign(excess(middle)) === sign) low = middle;
      else high = middle;
    }
    matches.push(low);
  }
  const distance = (rate: number) => Math.abs(rate - expected);
  return matches.sort((a, b) => distance(a) - distance(b))[0];
}
