export { setUpDense } from './dense/kernels.js';
export { Dense } from './dense/dense.js';
export type { DenseLayer, DenseNetwork } from './dense/network.js';
export type { ConvShape, MatMulShape } from './dense/shapes.js';
export { defaultThreads, type DensePoolOptions } from './dense/pool.js';
export { threadsAsked } from './threads.js';
export * from './engine.js';
export * from './create-engine.js';
export { kernelDigest } from './kernel-digest.js';
export { allFinite } from './all-finite.js';
export * from './noise.js';
export * from './decline.js';
export * from './predicted-class.js';
export * from './readout.js';
export { checkReadFromStart, readAfterOf } from './readout-checks.js';
export * from './least-error.js';
export * from './gaussian-threshold.js';
export * from './losses.js';
export * from './neuron.js';
export * from './adaptive-activation.js';
export { assertAdaptable } from './adaptive-graph.js';
export * from './adaptive-neuron.js';
export { adaptiveTransfer, type AdaptiveTransfer } from './adaptive-transfer.js';
export * from './optimizer/adam.js';
export { type Arrays, type Optimizer, type OptimizerState } from './optimizer/optimizer.js';
export * from './optimizer/schedule.js';
export * from './optimizer/sgd.js';
export * from './reset.js';
export * from './surrogate.js';
export { maxPoolingOf } from './max-pooling.js';
export { initialPotentialsOf } from './initial-potentials.js';
export { joinArrays } from './join-arrays.js';
export { isSigned } from './taking-back.js';
export { probeStepsOf } from './offset-spikes.js';
export * from './batch-norm.js';
export * from './channel-scales.js';
export * from './checks.js';
export {
  binaryNeuronOf,
  checkSignedSpikes,
  integrateAndFireOf,
  type BinaryNeuron,
} from './neuron-checks.js';
export * from './encoder.js';
export { createReferenceEngine } from './reference/engine.js';
export * from './energy.js';
export * from './normalisation.js';
export * from './units.js';
export * from './percentile.js';
export * from './reconvert.js';
export * from './relus.js';
export * from './remark.js';
