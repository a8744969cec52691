import { defineStage, input, output, UserError } from '@privatesnn/core';
import { annForward, annTensors, TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { reconvertToAnn } from '@privatesnn/spiking';
import { z } from 'zod';

/**
 * Draws each class from a network's weights: from grey with a little noise, every pixel moves by a fixed step in
 * the direction that raises the class's output, x ← clip(x + step · sign(∂y_c/∂x)).
 */
export const gradientSign = defineStage({
  kind: 'attacker',
  id: 'gradient-sign',
  version: 1,
  summary: 'Draws the classes from the re-converted ANN by steps along the sign of the gradient.',
  source: 'the step of Kurakin et al. 2017 (basic iterative method), from grey, towards a class',
  options: z.strictObject({
    imagesPerClass: z.int().min(1).default(4).describe('Images of each class.'),
    iterations: z.int().min(1).default(40).describe('Steps.'),
    step: z
      .number()
      .positive()
      .max(1)
      .default(0.05)
      .describe('Size of one step, as a part of the pixel range.'),
    noise: z
      .number()
      .min(0)
      .default(0.05)
      .describe('Standard deviation of the noise at the start, as a part of the pixel range.'),
  }),
  presets: {
    tuned: { iterations: 80, step: 0.02 },
  },
  inputs: { victim: input(['snn', 'ann'], 'the network that the attacker holds') },
  outputs: { images: output('images', 'images of every class, as the attacker sees them') },
  dependencies: { runtime: TENSOR_RUNTIME },
  create: ({ runtime }, { imagesPerClass, iterations, step, noise }) => ({
    async run(context, { victim }) {
      const { tf } = runtime;
      const ann = victim.type === 'snn' ? reconvertToAnn(victim) : victim;
      const { architecture, inputRange, classNames } = ann;
      const [low, high] = inputRange;
      const classes = classNames.length;
      const shape = [classes * imagesPerClass, ...architecture.inputShape];
      const labels = Int32Array.from({ length: shape[0] }, (_, image) => image % classes);
      const random = context.random('start');
      const start = Float32Array.from(
        { length: shape.reduce((product, size) => product * size, 1) },
        () => (low + high) / 2 + (high - low) * noise * random.normal(),
      );

      const tensors = annTensors(tf, ann.parameters);
      const wanted = tf.tidy(() =>
        tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), classes), 'float32'),
      );
      // Each image's own output only: the images of a batch do not see each other.
      const score = (x) => tf.sum(tf.mul(annForward(tf, ann, tensors, x), wanted));
      const climb = (x) =>
        tf.tidy(() => {
          const { value, grad } = tf.valueAndGrad(score)(x);
          const moved = tf.add(x, tf.mul(tf.sign(grad), step * (high - low)));
          return { value, next: tf.clipByValue(moved, low, high) };
        });
      let x = tf.tidy(() => tf.clipByValue(tf.tensor4d(start, shape), low, high));
      try {
        for (let iteration = 1; iteration <= iterations; iteration++) {
          context.signal.throwIfAborted();
          const { value, next } = climb(x);
          tf.dispose(x);
          x = next;
          // Reading a tensor waits for it: so progress is honest, and Ctrl-C is heard.
          const mean = (await value.data())[0] / shape[0];
          tf.dispose(value);
          if (!Number.isFinite(mean)) {
            throw new UserError(
              'run',
              'GRADIENT_SIGN_OVERFLOW',
              `The outputs of ${architecture.name} should be finite; their mean at step ${iteration} is ${mean}.`,
              { hint: 'Check the network that is attacked: its weights may be damaged.' },
            );
          }
          context.progress(iteration, iterations, `mean output ${mean.toFixed(2)}`);
        }
        const pixels = Float32Array.from(await x.data());
        return {
          images: {
            type: 'images',
            shape,
            pixels,
            range: inputRange,
            labels,
            classNames,
            origin: 'synthetic',
          },
        };
      } finally {
        tf.dispose([x, wanted, ...Object.values(tensors)]);
      }
    },
  }),
});
