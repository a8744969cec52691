export * from './ann.js';
export * from './blur.js';
export * from './create.js';
export * from './gradients.js';
export * from './initial-images.js';
export * from './jitter.js';
export * from './optimise-images.js';
export * from './runtime.js';
export { findTensorFlow, type TensorFlowState } from './tensorflow.js';
