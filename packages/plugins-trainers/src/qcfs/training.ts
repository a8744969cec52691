import {
  permutation,
  pixelsIn,
  UserError,
  type Ann,
  type Images,
  type StageContext,
} from '@privatesnn/core';
import { augmentedPixels, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  cosineRate,
  countMatches,
  createAdam,
  predictedClasses,
  type OptimizerState,
} from '@privatesnn/spiking';

import { batchGradients, batchLoss, type Teacher, type Trained } from './loss.js';
import type { QcfsOptions } from './options.js';

/** How close a network is to its teacher on images. */
export interface Closeness {
  readonly loss: number;
  /** Part of the images that both put in the same class. */
  readonly agreement: number;
}

/** What one epoch gave: the mean loss while training, and what the network was like on the held-out images after it. */
export interface Epoch {
  readonly loss: number;
  readonly heldOut: Closeness;
}

export interface Work {
  readonly context: StageContext;
  readonly runtime: TensorRuntime;
  readonly options: QcfsOptions;
  readonly ann: Ann;
  readonly teacher: Teacher;
  readonly images: Images;
  /** Images that are not trained on. */
  readonly heldOut: Images;
}

interface Checkpoint extends Trained {
  readonly optimizers: { readonly weights: OptimizerState; readonly thresholds: OptimizerState };
  readonly history: readonly Epoch[];
}

/**
 * Trains for all epochs that are still to do, with a checkpoint after each. Every epoch draws from streams of its own, so
 * that training that was stopped ends in the same parameters.
 *
 * @param start is left as it is
 * @throws UserError where the loss is not finite
 */
export async function trainQcfs(
  work: Work,
  start: Trained,
): Promise<{ trained: Trained; history: readonly Epoch[] }> {
  const { context, options } = work;
  const saved = (await context.loadCheckpoint()) as Checkpoint | undefined;
  const trained: Trained = {
    weights: copies((saved ?? start).weights),
    logThresholds: copies((saved ?? start).logThresholds),
  };
  const optimizers = {
    weights: createAdam({ learningRate: options.learningRate }),
    thresholds: createAdam({ learningRate: options.thresholdRate }),
  };
  if (saved) {
    optimizers.weights.restore(saved.optimizers.weights);
    optimizers.thresholds.restore(saved.optimizers.thresholds);
  }
  const history = [...(saved?.history ?? [])];
  for (let epoch = history.length; epoch < options.epochs; epoch++) {
    const loss = await trainEpoch(work, trained, optimizers, epoch);
    history.push({ loss, heldOut: await closeness(work, trained, work.heldOut) });
    context.record('epoch', { epoch, ...history.at(-1)! });
    await context.saveCheckpoint({
      ...trained,
      optimizers: {
        weights: optimizers.weights.state(),
        thresholds: optimizers.thresholds.state(),
      },
      history,
    });
  }
  return { trained, history };
}

/** @returns the mean loss of the images */
async function trainEpoch(
  { context, runtime, options, ann, teacher, images }: Work,
  { weights, logThresholds }: Trained,
  optimizers: Readonly<Record<'weights' | 'thresholds', ReturnType<typeof createAdam>>>,
  epoch: number,
): Promise<number> {
  const count = images.shape[0];
  const order = permutation(count, context.random('order').fork(`${epoch}`));
  const augmentation = context.random('augmentation').fork(`${epoch}`);
  const batches = Math.ceil(count / options.batchSize);
  let loss = 0;
  for (let batch = 0; batch < batches; batch++) {
    context.signal.throwIfAborted();
    const chosen = order.subarray(batch * options.batchSize, (batch + 1) * options.batchSize);
    const pixels = augmentedPixels(images, chosen, ann.inputRange, options, augmentation);
    const found = batchGradients(runtime.tf, teacher, { weights, logThresholds }, pixels, options);
    if (!Number.isFinite(found.loss)) throw diverged(found.loss, epoch, batch, options);
    const done = (epoch + batch / batches) / options.epochs;
    optimizers.weights.learningRate = cosineRate(options.learningRate, done);
    optimizers.weights.step(weights, found.gradients.weights);
    optimizers.thresholds.learningRate = cosineRate(options.thresholdRate, done);
    optimizers.thresholds.step(logThresholds, found.gradients.logThresholds);
    loss += found.loss * chosen.length;
    context.progress(
      epoch * batches + batch + 1,
      options.epochs * batches,
      `epoch ${epoch + 1}/${options.epochs}, loss ${found.loss.toPrecision(3)}`,
    );
    // Lets Ctrl-C and progress through between batches.
    await new Promise(setImmediate);
  }
  return loss / count;
}

/** The quantised network against its teacher. */
export async function closeness(
  { context, runtime, options, ann, teacher }: Work,
  trained: Trained,
  images: Images,
): Promise<Closeness> {
  const [count] = images.shape;
  const { classes } = ann.architecture;
  let loss = 0;
  let same = 0;
  for (let first = 0; first < count; first += options.batchSize) {
    context.signal.throwIfAborted();
    const pixels = pixelsIn(
      images,
      ann.inputRange,
      first,
      Math.min(count, first + options.batchSize),
    );
    const found = batchLoss(runtime.tf, teacher, trained, pixels, options);
    const of = (logits: Float32Array) => predictedClasses(logits, classes);
    loss += (found.loss * found.logits.length) / classes;
    same += countMatches(of(found.logits), of(found.teacherLogits));
    await new Promise(setImmediate);
  }
  return { loss: loss / count, agreement: same / count };
}

function copies(arrays: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(arrays).map(([name, data]) => [name, data.slice()]));
}

function diverged(loss: number, epoch: number, batch: number, options: QcfsOptions): UserError {
  return new UserError(
    'run',
    'LOSS_NOT_FINITE',
    `The loss of epoch ${epoch + 1}, batch ${batch + 1} is ${loss}; a finite number was expected.`,
    {
      hint: `Lower "learningRate" (it is ${options.learningRate}) or "thresholdRate" (${options.thresholdRate}).`,
    },
  );
}
