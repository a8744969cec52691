import { Slots, withGradients, type Optimizer } from './optimizer.js';

export interface SgdOptions {
  readonly learningRate: number;
  /** Part of the last step's velocity that is kept; 0 when left out. */
  readonly momentum?: number;
  /** Added to the gradient, times the parameter; 0 when left out. */
  readonly weightDecay?: number;
}

/** Stochastic gradient descent: v ← μv + g + decay·w, w ← w − η·v. */
export function createSgd(options: SgdOptions): Optimizer {
  const { learningRate, momentum = 0, weightDecay = 0 } = options;
  const slots = new Slots();
  return {
    learningRate,
    step(parameters, gradients) {
      slots.steps++;
      const rate = this.learningRate;
      for (const { name, values, gradient } of withGradients(parameters, gradients)) {
        const velocity = slots.of('velocity', name, values.length);
        for (let i = 0; i < values.length; i++) {
          const value = values[i]!;
          // Rounded as it is kept: the parameter moves by the velocity that the next step goes on from.
          const v = Math.fround(momentum * velocity[i]! + gradient[i]! + weightDecay * value);
          velocity[i] = v;
          values[i] = value - rate * v;
        }
      }
    },
    state: () => slots.save(),
    restore: (state) => slots.restore(state),
  };
}
