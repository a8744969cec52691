/** An attacker that follows the rules and uses all that a stage is given. Copied beside an experiment. */
// The command does not load this file, a plugin does.
/* eslint-disable @nx/enforce-module-boundaries */
import { defineStage, input, output } from '@privatesnn/core';
import { TENSOR_RUNTIME } from '@privatesnn/runtime-tfjs';
import { SPIKING_ENGINE } from '@privatesnn/spiking';
import { z } from 'zod';

export default defineStage({
  kind: 'attacker',
  id: 'honest',
  version: 1,
  summary: 'Images from noise and from what the network does with it.',
  options: z.strictObject({
    scale: z.number().positive().default(0.25).describe('Of the noise.'),
    small: z.number().default(-0).describe('A number that JSON does not know.'),
  }),
  inputs: { victim: input('snn', 'the network') },
  outputs: { images: output('images', 'images') },
  dependencies: { engine: SPIKING_ENGINE, runtime: TENSOR_RUNTIME },
  create: ({ engine, runtime }, { scale, small }) => ({
    async run(context, { victim }) {
      const { tf } = runtime;
      const before = await context.loadCheckpoint();
      context.record('options', { negative: Object.is(small, -0), resumed: before !== undefined });
      const { architecture, classNames } = victim;
      const [low, high] = victim.encoder.range;
      const classes = classNames.length;
      const shape = [classes, ...architecture.inputShape];
      const size = shape.reduce((product, one) => product * one, 1);
      const random = context.random('noise');
      const noise = Float32Array.from({ length: size }, () => scale * random.normal());
      context.warn('This is an exercise.');
      const clipped = tf.tidy(() =>
        tf.clipByValue(tf.mul(tf.tensor(noise, shape), 3), low, high).dataSync(),
      );
      await context.saveCheckpoint({ noise });
      const kept = await context.loadCheckpoint();
      const { potentials } = await engine.infer({
        snn: victim,
        pixels: Float32Array.from(clipped),
        seed: 7,
        signal: context.signal,
      });
      const pixels = Float32Array.from(clipped, (value, i) =>
        Math.min(high, Math.max(low, value * 0.5 + 1e-3 * potentials[i % potentials.length])),
      );
      context.progress(1, 1, `kept ${kept.noise.length}`);
      return {
        images: {
          type: 'images',
          shape,
          pixels,
          range: [low, high],
          labels: Int32Array.from({ length: classes }, (_, label) => label),
          classNames,
          origin: 'synthetic',
        },
      };
    },
  }),
});
