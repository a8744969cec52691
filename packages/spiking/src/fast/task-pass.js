/**
 * What a task is called in a profile, as far as no layer accounts for its time. Plain JavaScript, as worker threads run it
 * unbuilt.
 */

/** @type {Record<Exclude<import('./tasks.js').Task['task'], 'profile'>, string>} */
const passes = {
  network: 'load',
  sweep: 'load',
  next: 'load',
  drop: 'load',
  train: 'load',
  layer: 'load',
  infer: 'forward',
  forward: 'forward',
  spike: 'forward',
  backward: 'back',
  largest: 'largest current',
  count: 'currents',
  channels: 'spike rates',
  sums: 'gradient sums',
  unpack: 'gradient sums',
  thresholds: 'gradient sums',
  release: 'release',
};

/**
 * @param {Exclude<import('./tasks.js').Task, { task: 'profile' }>} task
 * @param {import('./plan.js').Plan | undefined} plan of the network that it works on
 * @returns {[part: string, pass: string]} the layer that it is about, or the engine
 */
export function taskPass(task, plan) {
  const pass = passes[task.task];
  const index = 'layer' in task ? task.layer : 'index' in task ? task.index : -1;
  return [plan?.layers[index]?.name ?? 'engine', pass];
}
