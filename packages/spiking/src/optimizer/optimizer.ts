/** Float arrays by parameter name. */
export type Arrays = Readonly<Record<string, Float32Array>>;

/** What an optimizer remembers: plain data that can be saved and restored. */
export interface OptimizerState {
  /** Steps taken. */
  readonly steps: number;
  /** One array for each slot and parameter: `m/conv1.weight`. */
  readonly slots: Arrays;
}

/** Changes parameters in place along their gradients. */
export interface Optimizer {
  /** Changed by a schedule between steps. */
  learningRate: number;
  /** One step. Parameters without a gradient stay as they are. */
  step(parameters: Arrays, gradients: Arrays): void;
  /** A copy of the state. */
  state(): OptimizerState;
  /** Goes on from a saved state. */
  restore(state: OptimizerState): void;
}

/** Named arrays that start at zero. */
export class Slots {
  steps = 0;
  private arrays: Record<string, Float32Array> = {};

  of(slot: string, parameter: string, length: number): Float32Array {
    return (this.arrays[`${slot}/${parameter}`] ??= new Float32Array(length));
  }

  save(): OptimizerState {
    return { steps: this.steps, slots: copy(this.arrays) };
  }

  restore(state: OptimizerState): void {
    this.steps = state.steps;
    this.arrays = copy(state.slots);
  }
}

function copy(arrays: Arrays): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, data.slice()]));
}

/** Each parameter with its gradient; throws where their lengths differ. */
export function withGradients(
  parameters: Arrays,
  gradients: Arrays,
): { name: string; values: Float32Array; gradient: Float32Array }[] {
  return Object.entries(gradients).map(([name, gradient]) => {
    const values = parameters[name];
    if (values?.length !== gradient.length) {
      throw new Error(
        `The gradient of "${name}" has ${gradient.length} entries, the parameter ${values?.length ?? 'is unknown'}.`,
      );
    }
    return { name, values, gradient };
  });
}
