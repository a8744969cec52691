import { Slots, withGradients, type Optimizer } from './optimizer.js';

export interface AdamOptions {
  readonly learningRate: number;
  /** Decay of the mean gradient; 0.9 when left out. */
  readonly beta1?: number;
  /** Decay of the mean squared gradient; 0.999 when left out. */
  readonly beta2?: number;
  /** Added to the root of the mean square; 1e-8 when left out. */
  readonly epsilon?: number;
  /** Added to the gradient, times the parameter, before anything else; 0 when left out. */
  readonly weightDecay?: number;
  /** AMSGrad (Reddi 2018): divides by the root of the largest mean square so far, so that no step grows again. */
  readonly amsgrad?: boolean;
}

/** Adam with bias correction (Kingma and Ba 2015, Algorithm 1); AMSGrad corrects the bias of its maximum alike. */
export function createAdam(options: AdamOptions): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { weightDecay = 0, amsgrad = false } = options;
  const slots = new Slots();
  return {
    learningRate,
    step(parameters, gradients) {
      slots.steps++;
      const correction1 = 1 - beta1 ** slots.steps;
      const correction2 = 1 - beta2 ** slots.steps;
      for (const { name, values, gradient } of withGradients(parameters, gradients)) {
        const m = slots.of('m', name, values.length);
        const v = slots.of('v', name, values.length);
        const largest = amsgrad ? slots.of('largest', name, values.length) : v;
        for (let i = 0; i < values.length; i++) {
          const g = gradient[i]! + weightDecay * values[i]!;
          m[i] = beta1 * m[i]! + (1 - beta1) * g;
          v[i] = beta2 * v[i]! + (1 - beta2) * g * g;
          if (amsgrad) largest[i] = Math.max(largest[i]!, v[i]!);
          values[i]! -=
            (this.learningRate * (m[i]! / correction1)) /
            (Math.sqrt(largest[i]! / correction2) + epsilon);
        }
      }
    },
    state: () => slots.save(),
    restore: (state) => slots.restore(state),
  };
}
