import type { KerasModel } from './model.js';
import type { StoredWeights } from './weights.js';

/** What a file of Keras or TensorFlow.js holds, however it is packed. */
export interface KerasFile {
  readonly model: KerasModel;
  readonly weights: StoredWeights;
  /** Lets go of the file; weights are read before. */
  close(): void;
}
