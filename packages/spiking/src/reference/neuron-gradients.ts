import type { Surrogate } from '../engine.js';
import {
  backwardLeak,
  spikeTimeGradients,
  spikeTrainGradients,
  surrogateGradient,
} from '../surrogate.js';
import type { Signal } from './network.js';
import type { LayerNeurons } from './spiking-layer.js';

export interface NeuronBackward extends LayerNeurons {
  readonly surrogate: Surrogate;
  readonly detachReset: boolean;
  /** Of the forward pass. */
  readonly spikes: Signal;
  readonly potentials: Signal;
  /** dO(t): the loss's gradient at the spikes, from the layers above. */
  readonly atSpikes: Signal;
}

/**
 * Back-propagation through time in one layer of neurons (Eq. 4).
 *
 * With u(t) the membrane potential before the reset, o(t) the spike, σ'(t) the surrogate ∂o/∂u, and
 * dU(T + 1) = 0, the membrane's recursion and what follows from it by the chain rule are
 *
 *     soft          u(t+1) = λ(u(t) − θ·o(t)) + I(t+1)
 *                   dS(t) = dO(t) − λθ·dU(t+1),      dU(t) = σ'(t)·dS(t) + λ·dU(t+1)
 *                         which is σ'(t)·dO(t) + λ(1 − θσ'(t))·dU(t+1)
 *     delayed-soft  u(t+1) = λu(t) − θ·o(t) + I(t+1)
 *                   dS(t) = dO(t) − θ·dU(t+1),       dU(t) = σ'(t)·dS(t) + λ·dU(t+1)
 *     hard          u(t+1) = λu(t)(1 − o(t)) + I(t+1)
 *                   dS(t) = dO(t) − λu(t)·dU(t+1),   dU(t) = σ'(t)·dS(t) + λ(1 − o(t))·dU(t+1)
 *
 * dS is the whole gradient at the spike. A detached reset takes the spike in the reset as a constant:
 * dS(t) = dO(t). With a surrogate of the spike train λ is 1 here (Lee 2020). As ∂u/∂I = 1, dU is also the gradient at the input current.
 *
 * The threshold acts through the spike, ∂o/∂θ = −σ', and through what a soft reset subtracts:
 * dθ = −Σ σ'(t)·dS(t) − Σ ρ·o(t)·dU(t+1), with ρ = λ (soft), 1 (delayed-soft), 0 (hard), summed over neurons
 * and time-steps, whether the reset is detached or not. It also acts through the initial potential, u(1) = λvθ + I(1):
 * dθ gets + λv·dU(1).
 */
export function neuronGradients(request: NeuronBackward): {
  readonly atCurrent: Signal;
  readonly threshold: number;
} {
  const { neuron, threshold, initial, detachReset, spikes, potentials, atSpikes } = request;
  const { reset } = neuron;
  const leak = backwardLeak(request.surrogate, neuron.leak);
  /** The part of θ that a spike takes off the next membrane potential. */
  const subtracted = { soft: leak, 'delayed-soft': 1, hard: 0 }[reset];
  const steps = spikes.length;
  const neurons = spikes[0]!.length;
  const atCurrent = spikes.map(() => new Float32Array(neurons));
  let atThreshold = 0;
  for (let i = 0; i < neurons; i++) {
    const slopes = slopesOf(request, i);
    let next = 0;
    for (let t = steps - 1; t >= 0; t--) {
      const u = potentials[t]![i]!;
      const o = spikes[t]![i]!;
      const slope = slopes[t]!;
      const throughReset = reset === 'hard' ? leak * u : subtracted * threshold;
      const atSpike = atSpikes[t]![i]! - (detachReset ? 0 : throughReset * next);
      const kept = reset === 'hard' ? leak * (1 - o) : leak;
      atThreshold -= slope * atSpike + subtracted * o * next;
      next = slope * atSpike + kept * next;
      atCurrent[t]![i] = next;
    }
    atThreshold += leak * initial[i % initial.length]! * next;
  }
  return { atCurrent, threshold: atThreshold };
}

/** σ'(t) of one neuron at each time-step. */
function slopesOf(
  { neuron, surrogate, spikes, potentials, threshold }: NeuronBackward,
  index: number,
): number[] {
  const train = () => spikes.map((o) => o[index]!);
  switch (surrogate.kind) {
    case 'spike-time':
      return spikeTimeGradients(surrogate, train(), threshold);
    case 'spike-train':
      return spikeTrainGradients(surrogate, train(), threshold, neuron.leak);
    default:
      return potentials.map((u) => surrogateGradient(surrogate, u[index]!, threshold));
  }
}
