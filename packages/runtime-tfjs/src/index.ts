export * from './ann.js';
export * from './runtime.js';
