// Loads tfjs-node in a process of its own (a library that does not fit the processor ends the process), runs a
// convolution and its gradients, and prints the version of TensorFlow.
import { createRequire } from 'node:module';
import util from 'node:util';

// tfjs-node 4.22 still calls two functions of which Node 22 warns; Node 23 lacks the first.
Object.assign(util, {
  isNullOrUndefined: (value) => value === null || value === undefined,
  isArray: Array.isArray,
});
const tf = createRequire(process.argv[2])('@tensorflow/tfjs-node');

const x = tf.ones([1, 4, 4, 1]);
const filter = tf.ones([3, 3, 1, 1]);
const [dx, dFilter] = tf.grads((a, b) => tf.sum(tf.conv2d(a, b, 1, 'same')))([x, filter]);
if (dx.dataSync()[5] !== 9 || dFilter.dataSync()[4] !== 16) {
  throw new Error('a convolution gave a wrong gradient');
}
console.log(JSON.stringify({ version: tf.backend().binding.TF_Version }));
