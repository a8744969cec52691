export * from './engine.js';
export * from './readout.js';
