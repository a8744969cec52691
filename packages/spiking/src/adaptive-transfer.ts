import type { AdaptiveActivation, AdaptiveNeuron } from '@privatesnn/core';

import { rateAtCurrent } from './adaptive-neuron.js';

/** A transfer function and its slope, for inputs in units of activations. */
export interface AdaptiveTransfer {
  readonly value: (x: number) => number;
  readonly slope: (x: number) => number;
}

/*
 * The table goes by ln s, with S = j/2·(1 + s) the current and j the refractory response at rest: s = 0 is where
 * spikes begin, and the rate is smooth in ln s. Below the first place spikes come rarer than 1 in eight τη.
 */
const [first, last, step] = [-8, 8, 0.003];
/** Time-steps that each rate is counted over: to 0.02 %. */
const counted = 8000;
const places = Math.ceil((last - first) / step) + 1;

const known = new WeakMap<AdaptiveActivation, AdaptiveTransfer>();

/**
 * What an adaptive neuron passes on: h·rate(x/h), from a table: within 1 % of `rateAtCurrent`
 * where the refractory response lasts tens of time-steps, 3 % where it lasts 5; constant above
 * 1,500 times the least current that causes spikes. The rate of whole time-steps is constant piece by piece, so its
 * slope is taken from that of continuous time (`continuousSlope`); 0 where the neuron spikes at every time-step.
 */
export function adaptiveTransfer(activation: AdaptiveActivation): AdaptiveTransfer {
  const found = known.get(activation);
  if (found) return found;
  const { neuron, spikeHeight } = activation;
  const least = ((1 - neuron.refractoryDecay) * neuron.rest) / 2;
  const [rates, slopes] = [new Float64Array(places), new Float64Array(places)];
  for (let i = 0; i < places; i++) {
    const current = least * (1 + Math.exp(first + i * step));
    // Once there is a spike at every time-step, more current changes nothing.
    rates[i] = rates[i - 1] === 1 ? 1 : rateAtCurrent(current, neuron, counted);
    slopes[i] = rates[i] === 1 ? 0 : continuousSlope(current, neuron);
  }
  const looked = (table: Float64Array) => (x: number) => {
    const s = x / spikeHeight / least - 1;
    if (!(s > 0)) return 0;
    const at = Math.min(Math.max((Math.log(s) - first) / step, 0), places - 1);
    const below = Math.min(Math.floor(at), places - 2);
    return table[below]! + (at - below) * (table[below + 1]! - table[below]!);
  };
  const rate = looked(rates);
  const made = { value: (x: number) => spikeHeight * rate(x), slope: looked(slopes) };
  known.set(activation, made);
  return made;
}

/**
 * The slope of the rate 1/T that short time-steps give: with q(d) = d^T / (1 − d^T), a constant current S brings
 * spikes every T where
 *
 *     S = (1 − dη)·ϑ·(1/2 + q(dη)),  ϑ = ρ / (1 − m·q(dγ))
 *
 * It grows without bound where spikes begin. There they come too rarely to count, so that it is that of two time
 * constants of the refractory response for all longer T.
 */
export function continuousSlope(current: number, neuron: AdaptiveNeuron): number {
  const { rest, growth, thresholdDecay, refractoryDecay } = neuron;
  const q = (d: number, period: number) => 1 / (d ** -period - 1);
  const currentOf = (period: number): number => {
    const grown = 1 - growth * q(thresholdDecay, period);
    return grown > 0
      ? (((1 - refractoryDecay) * rest) / grown) * (0.5 + q(refractoryDecay, period))
      : Infinity;
  };
  const longest = -2 / Math.log(refractoryDecay);
  let [low, high] = [1e-6 * longest, longest];
  // The current falls with the period: bisection to the last digits.
  for (let i = 0; i < 60; i++) {
    const middle = Math.sqrt(low * high);
    if (currentOf(middle) > current) low = middle;
    else high = middle;
  }
  const period = high;
  // dq/dT = ln d · q · (1 + q)
  const dq = (d: number) => {
    const value = q(d, period);
    return value === 0 ? 0 : Math.log(d) * value * (1 + value);
  };
  const relative =
    (growth * dq(thresholdDecay)) / (1 - growth * q(thresholdDecay, period)) +
    dq(refractoryDecay) / (0.5 + q(refractoryDecay, period));
  return -1 / (period ** 2 * currentOf(period) * relative);
}
