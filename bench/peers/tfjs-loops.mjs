// Times dense TensorFlow (tfjs-node) on the same networks, for bench.mjs: inference as convolutions at each
// time-step, training as a step of back-propagation through time by tf.grads, and threshold balancing layer by layer
// in one sweep, for which `batch` images times T must fit in memory.
//
//   node tfjs-loops.mjs '{"network": "VGG9", "timeSteps": 32, "batch": 16, "task": "train"}'
//
// Prints {"seconds", "peakBytes"} as JSON, the better of two runs; fails where TensorFlow is not installed. The
// environment's TF_NUM_INTRAOP_THREADS sets the threads.
import { readFileSync } from 'node:fs';

import { annTensors, createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { materials } from '../networks.mjs';

const { network, timeSteps, batch, task } = JSON.parse(process.argv[2]);
const { tf } = await createTensorRuntime({ prefer: 'tensorflow' });
const { architecture, parameters, pixels } = materials({ network }, batch);
const weights = annTensors(tf, parameters);
const images = tf.tensor4d(pixels, [batch, ...architecture.inputShape]);
const labels = tf.oneHot(
  Array.from({ length: batch }, (_, i) => i % architecture.classes),
  architecture.classes,
);

/** A spike where the potential is above 1; its gradient a triangle. */
const spike = tf.customGrad((u, save) => {
  save([u]);
  return {
    value: tf.cast(tf.greater(u, 1), 'float32'),
    gradFunc: (dy, [saved]) => tf.mul(dy, tf.relu(tf.sub(1, tf.abs(tf.sub(saved, 1))))),
  };
});

/** Signed Poisson spikes of the images. */
function encode() {
  const isSpike = tf.less(tf.randomUniform(images.shape), tf.abs(images));
  return tf.mul(tf.cast(isSpike, 'float32'), tf.sign(images));
}

/** What a layer makes of its input at one time-step, its current where it has weights. */
function through(layer, given, x) {
  if (layer.kind === 'average-pool') return tf.avgPool(x, layer.size, layer.size, 'valid');
  if (layer.kind === 'flatten') return tf.reshape(x, [batch, -1]);
  const weight = given[`${layer.name}.weight`];
  return layer.kind === 'conv' ? tf.conv2d(x, weight, layer.stride, 'same') : tf.matMul(x, weight);
}

/** One time-step: from the membranes of all layers (none at first) to the next ones; the last is the read-out. */
function step(given, membranes) {
  const next = [];
  let x = encode();
  for (const layer of architecture.layers) {
    const current = through(layer, given, x);
    if (!layer.name) {
      x = current;
      continue;
    }
    const before = membranes[next.length];
    const u = before ? tf.add(before, current) : current;
    x = next.length === Object.keys(given).length - 1 ? undefined : spike(u);
    next.push(x ? tf.sub(u, x) : u);
  }
  return next;
}

const tasks = {
  infer: () => {
    let membranes = [];
    for (let t = 0; t < timeSteps; t++) {
      const next = tf.tidy(() => step(weights, membranes));
      tf.dispose(membranes);
      membranes = next;
    }
    membranes.at(-1).dataSync();
    tf.dispose(membranes);
  },
  train: () => {
    const names = Object.keys(weights);
    const loss = (...tensors) => {
      const given = Object.fromEntries(names.map((name, i) => [name, tensors[i]]));
      let membranes = [];
      for (let t = 0; t < timeSteps; t++) membranes = step(given, membranes);
      return tf.losses.softmaxCrossEntropy(labels, membranes.at(-1));
    };
    const gradients = tf.grads(loss)(Object.values(weights));
    for (const gradient of gradients) gradient.dataSync();
    tf.dispose(gradients);
  },
  balance: () => {
    let signal = Array.from({ length: timeSteps }, () => tf.tidy(encode));
    for (const layer of architecture.layers.slice(0, -1)) {
      const currents = signal.map((x) => tf.tidy(() => through(layer, weights, x)));
      tf.dispose(signal);
      signal = layer.name ? fired(currents) : currents;
    }
    tf.dispose(signal);
  },
};

/** The spikes of a layer at the threshold that its currents give; disposes of the currents. */
function fired(currents) {
  const largest = currents.map((current) => tf.tidy(() => tf.max(current).dataSync()[0]));
  const threshold = 0.7 * Math.max(...largest);
  let membrane = tf.scalar(0);
  const spikes = currents.map((current) => {
    const [after, spike] = tf.tidy(() => {
      const u = tf.add(membrane, current);
      const spike = tf.cast(tf.greater(u, threshold), 'float32');
      return [tf.sub(u, tf.mul(spike, threshold)), spike];
    });
    tf.dispose([membrane, current]);
    membrane = after;
    return spike;
  });
  tf.dispose(membrane);
  return spikes;
}

let best = Infinity;
for (let run = 0; run < 2; run++) {
  const start = performance.now();
  tasks[task]();
  best = Math.min(best, (performance.now() - start) / 1000);
}
const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
const kilobytes = /^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
console.log(JSON.stringify({ seconds: best, peakBytes: Number(kilobytes) * 1024 }));
