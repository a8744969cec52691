import {
  partOfImages,
  permutation,
  UserError,
  type AdaptiveActivation,
  type Ann,
  type Architecture,
  type Images,
  type Parameters,
  type StageContext,
} from '@privatesnn/core';
import { annLogits, augmentedPixels, type TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  countMatches,
  countTies,
  createAdam,
  createSgd,
  predictedClasses,
  warnOfDecline,
  warnOfTies,
  type Optimizer,
  type OptimizerState,
} from '@privatesnn/spiking';

import {
  foldedNetwork,
  initialNorms,
  initialStatistics,
  updatedStatistics,
  type LayerStatistics,
} from './batch-norm-training.js';
import { dropoutMasks } from './dropout-mask.js';
import { initialise } from './initialise.js';
import type { TrainOptions } from './train-options.js';
import { trainStep } from './train-step.js';
import { trainingRate } from './training-rate.js';

/** What one epoch gave. Accuracies are fractions. */
export interface Epoch {
  readonly loss: number;
  readonly accuracy: number;
  readonly validationAccuracy: number | null;
}

/** What is trained. */
interface Weights {
  /** With the scales and shifts of batch normalisation. */
  readonly parameters: Parameters;
  /** The running statistics of batch normalisation. */
  readonly statistics: LayerStatistics;
}

/** All that training needs to go on after an epoch. */
interface TrainingState extends Weights {
  readonly optimizer: OptimizerState;
  readonly history: readonly Epoch[];
}

/** A trained network, and how it came to be. */
export interface Trained extends ReturnType<typeof foldedNetwork> {
  readonly history: readonly Epoch[];
}

/** What is trained, on what, and how. */
export interface Training {
  readonly runtime: TensorRuntime;
  readonly architecture: Architecture;
  /** Whether batch normalisation follows all weighted layers but the last. */
  readonly batchNorm: boolean;
  /** Undefined for ReLUs. */
  readonly activation: AdaptiveActivation | undefined;
  readonly options: TrainOptions;
  readonly images: Images;
  /** Images on which the accuracy is measured after each epoch. */
  readonly validation: Images | undefined;
}

/** Training images on which the network is compared with that before training. */
const comparedImages = 200;

/**
 * Trains a network by cross-entropy. Every epoch draws from streams of its own, so training that was stopped
 * after an epoch and goes on from its checkpoint ends in the same parameters. Batch normalisation is folded at the end.
 *
 * @throws UserError where the loss is not finite
 */
export async function trainNetwork(training: Training, context: StageContext): Promise<Trained> {
  const { architecture, options } = training;
  const saved = (await context.loadCheckpoint()) as TrainingState | undefined;
  let weights: Weights = saved ?? startOf(training, context);
  const optimizer = createOptimizer(options);
  if (saved) {
    optimizer.restore(saved.optimizer);
    context.info(`Training goes on after epoch ${saved.history.length}.`);
  }
  const history = [...(saved?.history ?? [])];
  for (let epoch = history.length; epoch < options.epochs; epoch++) {
    const { statistics, ...result } = await trainEpoch(
      training,
      weights,
      optimizer,
      epoch,
      context,
    );
    weights = { ...weights, statistics };
    const validationAccuracy = await validate(training, weights, epoch, context);
    history.push({ ...result, validationAccuracy });
    context.record('epoch', { epoch: epoch + 1, ...history.at(-1)! });
    await context.saveCheckpoint({ ...weights, optimizer: optimizer.state(), history });
  }
  await compareWithStart(training, weights, context);
  return { ...foldedNetwork(architecture, weights.parameters, weights.statistics), history };
}

function startOf({ architecture, batchNorm }: Training, context: StageContext): Weights {
  const parameters = initialise(architecture, context.random('weights'));
  if (!batchNorm) return { parameters, statistics: {} };
  return {
    parameters: { ...parameters, ...initialNorms(architecture) },
    statistics: initialStatistics(architecture),
  };
}

/** Warns where the network ends with a lower accuracy on a part of its images than it had before training. */
async function compareWithStart(
  training: Training,
  weights: Weights,
  context: StageContext,
): Promise<void> {
  const part = partOfImages(training.images, comparedImages);
  const accuracy = async (of: Weights) =>
    countMatches(await predictions(training, of, part, context), part.labels) / part.shape[0];
  warnOfDecline(context, {
    what: 'the accuracy of the network',
    before: await accuracy(startOf(training, context)),
    after: await accuracy(weights),
    images: part.shape[0],
    rate: ['learningRate', training.options.learningRate],
  });
}

function createOptimizer(options: TrainOptions): Optimizer {
  const { optimizer, learningRate, momentum, weightDecay } = options;
  return optimizer === 'adam'
    ? createAdam({ learningRate, weightDecay })
    : createSgd({ learningRate, momentum, weightDecay });
}

/** One pass over the images; changes the parameters in place. */
async function trainEpoch(
  training: Training,
  { parameters, statistics }: Weights,
  optimizer: Optimizer,
  epoch: number,
  context: StageContext,
): Promise<Omit<Epoch, 'validationAccuracy'> & Pick<Weights, 'statistics'>> {
  const { runtime, architecture, options, images } = training;
  const order = permutation(images.shape[0], context.random('order').fork(`${epoch}`));
  const augmentation = context.random('augmentation').fork(`${epoch}`);
  const mask = dropoutMasks(context.random('dropout').fork(`${epoch}`));
  const trained = Object.fromEntries(
    Object.entries(parameters).map(([name, { data }]) => [name, data]),
  );
  const steps = Math.ceil(order.length / options.batchSize);
  let running = statistics;
  let loss = 0;
  let correct = 0;
  for (let step = 0; step < steps; step++) {
    context.signal.throwIfAborted();
    const indices = order.subarray(step * options.batchSize, (step + 1) * options.batchSize);
    const pixels = augmentedPixels(images, indices, options.inputRange, options, augmentation);
    const labels = Int32Array.from(indices, (i) => images.labels[i]!);
    const result = trainStep(runtime.tf, training, parameters, pixels, labels, mask);
    if (!Number.isFinite(result.loss)) throw diverged(result.loss, epoch, step, options);
    optimizer.learningRate = trainingRate(options, epoch, step / steps);
    optimizer.step(trained, result.gradients);
    running = updatedStatistics(running, result.statistics);
    loss += result.loss * indices.length;
    correct += countMatches(predictedClasses(result.logits, architecture.classes), labels);
    const seen = step * options.batchSize + indices.length;
    context.progress(
      epoch * steps + step + 1,
      options.epochs * steps,
      `epoch ${epoch + 1}/${options.epochs}, loss ${(loss / seen).toFixed(3)}, ` +
        `accuracy ${((100 * correct) / seen).toFixed(1)} %`,
    );
    // Lets a Ctrl-C and the progress display through; the steps themselves are synchronous.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    loss: loss / order.length,
    accuracy: correct / order.length,
    statistics: running,
  };
}

/** Accuracy on the validation images, a fraction; null where there are none. Ties of the last epoch are told. */
async function validate(
  training: Training,
  weights: Weights,
  epoch: number,
  context: StageContext,
): Promise<number | null> {
  const { validation, options } = training;
  if (!validation) return null;
  const { labels } = validation;
  const predicted = await predictions(training, weights, validation, context);
  if (epoch === options.epochs - 1) {
    warnOfTies(context, 'the trained network', countTies(predicted), labels.length);
  }
  return countMatches(predicted, labels) / labels.length;
}

/** The classes that the network with the given weights predicts, with running statistics. */
async function predictions(
  { runtime, architecture, activation, options: { inputRange } }: Training,
  weights: Weights,
  images: Images,
  { signal }: StageContext,
): Promise<Int32Array> {
  const { classNames } = images;
  const folded = foldedNetwork(architecture, weights.parameters, weights.statistics);
  const ann: Ann = { type: 'ann', ...folded, activation, inputRange, classNames };
  return predictedClasses(await annLogits(runtime, ann, images, { signal }), architecture.classes);
}

function diverged(loss: number, epoch: number, step: number, options: TrainOptions): UserError {
  return new UserError(
    'run',
    'TRAINING_DIVERGED',
    `The loss became ${loss} in epoch ${epoch + 1}, batch ${step + 1}; a finite number was expected.`,
    {
      hint: `Lower "learningRate" (it is ${options.learningRate}) or "momentum", or try "optimizer: adam" with 0.001.`,
    },
  );
}
