import type { Scalar, Tensor, Tensor1D, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';

import type { Ann, Images, PixelRange, StageContext } from '@privatesnn/core';
import {
  activationOf,
  annForward,
  annTensors,
  binomialBlur,
  frozenAnn,
  gaussianBlur,
  initialImages,
  optimiseImages,
  projectPixels,
  tensorLoss,
  type TensorRuntime,
  type Tf,
} from '@privatesnn/runtime-tfjs';

import { entropy, softCrossEntropy } from './soft-cross-entropy.js';
import { stoppingLosses } from './stopping-losses.js';
import { unanswered, warnWithoutGradient } from './unanswered.js';
import type { SynthesisOptions } from './synthesis-options.js';

export interface SynthesisRequest {
  readonly ann: Ann;
  /** Class of each image, [count]. */
  readonly labels: Int32Array;
  /** Class probabilities that the images are made for, [count, classes]. */
  readonly targets: Float32Array;
  /** Added to each image's loss, [images]. */
  readonly prior?: (tf: Tf, x: Tensor4D) => Tensor1D;
  /**
   * Added to the loss of each image of a batch: a number for the batch as a whole, from what its weighted layers give
   * before their non-linearity, by name.
   */
  readonly batchTerm?: (tf: Tf, outputs: ReadonlyMap<string, Tensor>) => Scalar;
  readonly options: SynthesisOptions;
}

/** Finished batches, kept so that a killed run goes on. */
interface Checkpoint {
  readonly done: number;
  readonly pixels: Float32Array;
  readonly withoutGradient: Uint8Array;
}

/**
 * Images that make a network answer with the given class probabilities: Adam on the pixels, weights frozen, batch
 * by batch. Each batch has its own random streams.
 */
export async function synthesise(
  { tf }: TensorRuntime,
  context: StageContext,
  { ann, labels, targets, prior, batchTerm, options }: SynthesisRequest,
): Promise<Images> {
  const { classes, inputShape } = ann.architecture;
  const [height, width, channels] = inputShape;
  const size = height * width * channels;
  const count = labels.length;
  const pixels = new Float32Array(count * size);
  const network = synthesisNetwork(tf, ann, batchTerm, Math.min(count, options.batchSize));
  const batches = Math.ceil(count / options.batchSize);
  const saved = (await context.loadCheckpoint()) as Checkpoint | undefined;
  const withoutGradient = new Uint8Array(count);
  if (saved) {
    pixels.set(saved.pixels);
    withoutGradient.set(saved.withoutGradient);
  }
  try {
    for (let start = saved?.done ?? 0; start < count; start += options.batchSize) {
      const end = Math.min(count, start + options.batchSize);
      const batch = start / options.batchSize;
      const shape = [end - start, height, width, channels] as const;
      const first = initialImages(
        options.initialisation,
        shape,
        ann.inputRange,
        context.random(`start/${batch}`),
      );
      const wantedOf = (indices: readonly number[]) =>
        tf.tensor2d(
          indices.flatMap((i) => [
            ...targets.subarray((start + i) * classes, (start + i + 1) * classes),
          ]),
          [indices.length, classes],
        );
      const result = await optimiseImages(tf, {
        pixels: first,
        shape,
        evaluate: tensorLoss(tf, inputShape, (x, indices) => {
          const wanted = wantedOf(indices);
          const { logits, term } = network.forward(x);
          const crossEntropy = softCrossEntropy(tf, logits, wanted, options.temperature);
          // A constant of each image, so that the gradient is the same.
          const measure =
            options.stopMeasure === 'divergence'
              ? tf.sub<Tensor1D>(crossEntropy, entropy(tf, wanted))
              : crossEntropy;
          const perImage = prior ? tf.add<Tensor1D>(measure, prior(tf, x)) : measure;
          const loss = term ? tf.add<Tensor1D>(perImage, term) : perImage;
          return { loss, measure };
        }),
        optimizer: 'adam',
        learningRate: options.learningRate,
        accumulateGradient: options.accumulateGradient,
        iterations: options.iterations,
        range: ann.inputRange,
        projection: projections[options.projection],
        ...(options.jitter > 0 || options.flip
          ? { jitter: { shift: options.jitter, flip: options.flip } }
          : {}),
        blur: { every: options.blurEvery, apply: (x) => blur(tf, x, options) },
        ...(options.stopAtLoss === 0
          ? {}
          : {
              stop: {
                losses: stoppingLosses(options, end - start, context.random(`stop/${batch}`)),
                by: options.stopBy,
              },
            }),
        random: context.random(`jitter/${batch}`),
        signal: context.signal,
        onIteration: (iteration, loss) =>
          context.progress(
            batch * options.iterations + iteration,
            batches * options.iterations,
            `batch ${batch + 1}/${batches}, loss ${loss.toFixed(3)}`,
          ),
      });
      projectPixels(result.pixels, ann.inputRange, 'clip');
      if (options.eightBit) roundToEightBits(result.pixels, ann.inputRange);
      const networkLoss = tensorLoss(tf, inputShape, (x, indices) =>
        softCrossEntropy(tf, network.forward(x).logits, wantedOf(indices), options.temperature),
      );
      withoutGradient.set(await unanswered(networkLoss, [first, result.pixels], size), start);
      pixels.set(result.pixels, start * size);
      context.record('synthesised', {
        from: start,
        to: end,
        meanLoss: mean(result.losses),
        meanSteps: mean(result.steps),
      });
      if (end < count)
        await context.saveCheckpoint({ done: end, pixels, withoutGradient } satisfies Checkpoint);
    }
  } finally {
    network.dispose();
  }
  warnWithoutGradient(context, withoutGradient);
  return {
    type: 'images',
    shape: [count, height, width, channels],
    pixels,
    range: ann.inputRange,
    labels,
    softLabels: targets,
    ...(withoutGradient.includes(1) ? { withoutGradient } : {}),
    classNames: ann.classNames,
    origin: 'synthetic',
  };
}

/** Rounds pixels, in place, to what an 8-bit file of the range keeps. */
function roundToEightBits(pixels: Float32Array, [low, high]: PixelRange): void {
  const level = (high - low) / 255;
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = low + Math.round((pixels[i]! - low) / level) * level;
  }
}

/** The network's logits, and the term of the batch that its layers' outputs before their non-linearity give. */
function synthesisNetwork(
  tf: Tf,
  ann: Ann,
  batchTerm: SynthesisRequest['batchTerm'],
  batch: number,
): {
  readonly forward: (x: Tensor4D) => { readonly logits: Tensor2D; readonly term?: Scalar };
  readonly dispose: () => void;
} {
  if (!batchTerm) {
    const { forward, dispose } = frozenAnn(tf, ann, batch);
    return { forward: (x) => ({ logits: forward(x) }), dispose };
  }
  const tensors = annTensors(tf, ann.parameters);
  const activation = activationOf(tf, ann);
  return {
    forward: (x) => {
      const outputs = new Map<string, Tensor>();
      const logits = annForward(tf, ann, tensors, x, {
        activation: (output, layer) => {
          outputs.set(layer, output);
          return activation(output);
        },
        onActivation: (layer, activation) => {
          if (!outputs.has(layer)) outputs.set(layer, activation);
        },
      });
      return { logits, term: batchTerm(tf, outputs) };
    },
    dispose: () => tf.dispose(Object.values(tensors)),
  };
}

const projections = {
  'clip-at-end': 'none',
  'clip-each-step': 'clip',
  'min-max-each-step': 'min-max',
} as const;

function blur(tf: Tf, x: Tensor4D, { blurKernel, blurSigma }: SynthesisOptions): Tensor4D {
  return blurKernel === 'binomial'
    ? binomialBlur(tf, x)
    : gaussianBlur(tf, x, { sigma: blurSigma });
}

function mean(values: ArrayLike<number>): number {
  return Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
}
