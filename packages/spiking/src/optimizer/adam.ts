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

/**
 * Adam with bias correction (Kingma and Ba 2015, Algorithm 1, in the order of computation of the end of their section 2:
 * step size and epsilon take the corrections); AMSGrad corrects the bias of its maximum alike.
 */
export function createAdam(options: AdamOptions): Optimizer {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options;
  const { weightDecay = 0, amsgrad = false } = options;
  const slots = new Slots();
  return {
    learningRate,
    step(parameters, gradients) {
      slots.steps++;
      const root = Math.sqrt(1 - beta2 ** slots.steps);
      const rate = (this.learningRate * root) / (1 - beta1 ** slots.steps);
      const factors = { rate, beta1, beta2, epsilon: epsilon * root, weightDecay };
      for (const { name, values, gradient } of withGradients(parameters, gradients)) {
        const m = slots.of('m', name, values.length);
        const v = slots.of('v', name, values.length);
        if (!amsgrad) move(values, gradient, m, v, factors);
        else
          moveByLargest(values, gradient, m, v, slots.of('largest', name, values.length), factors);
      }
    },
    state: () => slots.save(),
    restore: (state) => slots.restore(state),
  };
}

/** The factors of one step. */
interface Factors {
  /** The learning rate with both corrections of the bias. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  /** With the correction of the mean square. */
  readonly epsilon: number;
  readonly weightDecay: number;
}

// Two loops, since a choice inside of one makes it a sixth slower; so does reading a parameter twice.

function move(
  values: Float32Array,
  gradient: Float32Array,
  m: Float32Array,
  v: Float32Array,
  { rate, beta1, beta2, epsilon, weightDecay }: Factors,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const g = gradient[i]! + weightDecay * value;
    const mean = beta1 * m[i]! + (1 - beta1) * g;
    const square = beta2 * v[i]! + (1 - beta2) * g * g;
    m[i] = mean;
    v[i] = square;
    values[i] = value - (rate * mean) / (Math.sqrt(square) + epsilon);
  }
}

function moveByLargest(
  values: Float32Array,
  gradient: Float32Array,
  m: Float32Array,
  v: Float32Array,
  largest: Float32Array,
  { rate, beta1, beta2, epsilon, weightDecay }: Factors,
): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const g = gradient[i]! + weightDecay * value;
    const mean = beta1 * m[i]! + (1 - beta1) * g;
    const square = beta2 * v[i]! + (1 - beta2) * g * g;
    const most = Math.max(largest[i]!, square);
    m[i] = mean;
    v[i] = square;
    largest[i] = most;
    values[i] = value - (rate * mean) / (Math.sqrt(most) + epsilon);
  }
}
