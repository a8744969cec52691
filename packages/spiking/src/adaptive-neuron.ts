import type { AdaptiveNeuron } from '@privatesnn/core';

/** What a layer of adaptive neurons carries from one time-step to the next; all [neurons]. */
export interface AdaptiveState {
  /** The current that past spikes of the layer before still cause. */
  readonly current: Float32Array;
  /** The membrane potential: the filtered input. */
  readonly membrane: Float32Array;
  /** The sum of the decaying refractory responses, which approximates the membrane potential. */
  readonly refractory: Float32Array;
  /** By how much the refractory response to the next spike exceeds that at rest. */
  readonly adapted: Float32Array;
  /** Spikes of the time-step, 0 or 1. */
  readonly spikes: Float32Array;
}

/** Adaptive neurons with the threshold θ > 0 of their layer. */
export interface AdaptiveParameters extends Omit<AdaptiveNeuron, 'kind'> {
  readonly threshold: number;
}

/** Neurons at rest, without any input yet. */
export function restingAdaptiveState(neurons: number): AdaptiveState {
  const zeros = (): Float32Array => new Float32Array(neurons);
  return {
    current: zeros(),
    membrane: zeros(),
    refractory: zeros(),
    adapted: zeros(),
    spikes: zeros(),
  };
}

/** The refractory response to a spike of a neuron at rest, (1 − dη)·ρ·θ, in float32. */
function restingResponse({ rest, refractoryDecay, threshold }: AdaptiveParameters): number {
  return Math.fround((1 - refractoryDecay) * rest * threshold);
}

/**
 * One time-step of adaptive spiking neurons (Bohté 2012; Zambrano 2019, Eq. 1 to 5), with j = (1 − dη)·ϑ the
 * refractory response to a spike at the threshold ϑ:
 *
 *     I ← dβ·I + (1 − dβ)·W·o        S ← dφ·S + (1 − dφ)·(I + b)        R ← dη·R
 *     a spike where S − R > j/2;     then R ← R + j,  ϑ ← ϑ + m·ϑ
 *     ϑ ← ρθ + dγ·(ϑ − ρθ)
 *
 * The filters of I and R have gain 1, so that constant currents and spike rates stand for themselves: without growth
 * the rate of a constant current c is c/θ (for ρ = 1). Every operation is rounded to float32.
 *
 * @param state the time-step before, or `restingAdaptiveState`; left as it is
 * @param input W·o, what this time-step's spikes bring, [neurons]
 * @param constant b, what flows at every time-step, [neurons]; undefined for none
 */
export function adaptiveStep(
  state: AdaptiveState,
  input: Float32Array,
  constant: Float32Array | undefined,
  parameters: AdaptiveParameters,
): AdaptiveState {
  const f = Math.fround;
  const next = restingAdaptiveState(input.length);
  const [dBeta, dPhi] = [f(parameters.currentDecay), f(parameters.membraneDecay)];
  const [dEta, dGamma] = [f(parameters.refractoryDecay), f(parameters.thresholdDecay)];
  const growth = f(parameters.growth);
  const rest = restingResponse(parameters);
  for (let i = 0; i < input.length; i++) {
    const current = f(f(dBeta * state.current[i]!) + f(f(1 - dBeta) * input[i]!));
    const whole = f(current + (constant?.[i] ?? 0));
    const membrane = f(f(dPhi * state.membrane[i]!) + f(f(1 - dPhi) * whole));
    const decayed = f(dEta * state.refractory[i]!);
    const response = f(rest + state.adapted[i]!);
    const spike = f(membrane - decayed) > f(response / 2) ? 1 : 0;
    next.current[i] = current;
    next.membrane[i] = membrane;
    next.spikes[i] = spike;
    next.refractory[i] = decayed + spike * response;
    next.adapted[i] = dGamma * f(state.adapted[i]! + spike * f(growth * response));
  }
  return next;
}

/**
 * The transfer function: spikes a time-step at a constant current, in units of θ, once the neuron has settled. It is
 * that of whole time-steps, which has no closed form, as a spike waits for the next step: one neuron is followed, in
 * double precision. 0 below half the resting response, at most 1, as there is one spike a time-step at most.
 *
 * @param counted time-steps over which spikes are counted
 * @returns within 0.01 % of the rate over any longer time, for 20,000 time-steps
 */
export function rateAtCurrent(current: number, neuron: AdaptiveNeuron, counted = 20_000): number {
  const { rest, growth, thresholdDecay, refractoryDecay } = neuron;
  const atRest = (1 - refractoryDecay) * rest;
  if (!(current > atRest / 2)) return 0;
  const memory = Math.max(...[thresholdDecay, refractoryDecay].map((d) => -1 / Math.log(d)), 1);
  // Forty time constants are below the precision of a double: the longest wait for a spike.
  const settled = Math.ceil(40 * memory);
  const end = settled + Math.max(counted, 4 * settled);
  let [refractory, adapted] = [0, 0];
  let [first, last, spikes] = [0, 0, 0];
  for (let t = 0; t < end; t++) {
    refractory *= refractoryDecay;
    const response = atRest + adapted;
    const fires = current - refractory > response / 2;
    if (fires) refractory += response;
    adapted = thresholdDecay * (fires ? adapted + growth * response : adapted);
    if (!fires || t < settled) continue;
    if (spikes++ === 0) first = t;
    last = t;
  }
  return spikes < 2 ? 0 : (spikes - 1) / (last - first);
}
