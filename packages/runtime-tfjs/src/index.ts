export * from './ann.js';
export * from './blur.js';
export * from './create.js';
export * from './gradients.js';
export * from './runtime.js';
