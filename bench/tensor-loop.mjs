// Inference as most programs compute it: time-step by time-step with dense convolutions, on the tensor runtime. The
// bench takes it with TensorFlow: the embedded runtime is made for few large operations, not for these.
//
//   node tensor-loop.mjs '{"network": "VGG9", "count": 2, "timeSteps": 32, "thresholds": {...}}'
//
// Prints {"seconds", "description", "potentials"} as JSON: the better of two runs, and what `infer` of the engine
// gives too.
import { annForward, annTensors, createTensorRuntime } from '@privatesnn/runtime-tfjs';
import { encode } from '@privatesnn/spiking';

import { materials } from './networks.mjs';

const request = JSON.parse(process.argv[2]);
const { count, timeSteps, thresholds } = request;
const { tf, description } = await createTensorRuntime();
const { architecture, parameters, pixels } = materials(request, count);
const weights = annTensors(tf, parameters);

/** The last layer's potentials, summed over time. */
function simulate() {
  const size = pixels.length / count;
  const images = Array.from({ length: count }, (_, image) => {
    const noise = { seed: 1, image, timeSteps };
    const steps = encode('poisson', pixels.subarray(image * size, (image + 1) * size), noise);
    return [...steps].map((step) => Float32Array.from(step));
  });
  const potentials = {};
  let sum;
  for (let t = 0; t < timeSteps; t++) {
    const input = new Float32Array(pixels.length);
    images.forEach((steps, i) => input.set(steps[t], i * size));
    const activation = (current, layer) => {
      const potential = potentials[layer] ? tf.add(potentials[layer], current) : current;
      const spikes = tf.cast(tf.greater(potential, thresholds[layer]), 'float32');
      potentials[layer] = tf.sub(potential, tf.mul(spikes, thresholds[layer]));
      return spikes;
    };
    const x = tf.tensor4d(input, [count, ...architecture.inputShape]);
    const current = annForward(tf, { architecture }, weights, x, { activation });
    sum = sum ? tf.add(sum, current) : current;
  }
  return sum.dataSync();
}

let best = Infinity;
let potentials;
for (let run = 0; run < 2; run++) {
  const start = performance.now();
  potentials = tf.tidy(simulate);
  best = Math.min(best, (performance.now() - start) / 1000);
}
console.log(JSON.stringify({ seconds: best, description, potentials: [...potentials] }));
