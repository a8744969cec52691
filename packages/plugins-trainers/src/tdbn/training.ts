import {
  permutation,
  pixelsIn,
  selectImages,
  UserError,
  type Images,
  type Snn,
  type StageContext,
} from '@privatesnn/core';
import type { TensorRuntime } from '@privatesnn/runtime-tfjs';
import {
  learningRateAt,
  warnOfTies,
  type Optimizer,
  type OptimizerState,
} from '@privatesnn/spiking';

import { scoreOf } from '../batches.js';
import { optimizerOf } from '../part-options.js';
import { encodeBatch, initialNorms, type Statistics } from './network.js';
import type { TdbnOptions } from './options.js';
import { tdbnStep } from './step.js';

/** One line of the training's history. */
export interface TdbnEpoch {
  readonly loss: number;
  /** Part of the training images that the network put in their class while training. */
  readonly accuracy: number;
  /** Training images for which several classes shared its largest output, while training. */
  readonly ties: number;
}

/** What training changes, and, with the optimizer's state, what a checkpoint keeps. */
export interface TdbnState {
  /** Weights, biases, scales and shifts, by name. */
  readonly weights: Record<string, Float32Array>;
  /** Running statistics by layer; empty before the first batch. */
  readonly statistics: Record<string, Statistics<Float32Array>>;
  readonly history: TdbnEpoch[];
}

export interface TdbnWork {
  readonly context: StageContext;
  readonly runtime: TensorRuntime;
  readonly options: TdbnOptions;
  /** The network before training, with the training's T. */
  readonly start: Snn;
  readonly images: Images;
}

/** Trains for all epochs that are still to do, with a checkpoint after each. */
export async function trainTdbn(work: TdbnWork): Promise<TdbnState> {
  const { context, options, start } = work;
  const saved = (await context.loadCheckpoint()) as
    (TdbnState & { optimizer: OptimizerState }) | undefined;
  const optimizer = optimizerOf(options);
  if (saved) optimizer.restore(saved.optimizer);
  const state: TdbnState = saved ?? {
    weights: {
      ...Object.fromEntries(
        Object.entries(start.parameters).map(([name, { data }]) => [name, data.slice()]),
      ),
      ...initialNorms(start),
    },
    statistics: {},
    history: [],
  };
  for (let epoch = state.history.length; epoch < options.epochs; epoch++) {
    optimizer.learningRate = learningRateAt(options.learningRate, epoch, options.epochs, options);
    const record = await trainEpoch(work, state, optimizer, epoch);
    state.history.push(record);
    context.record('epoch', { epoch, ...record });
    await context.saveCheckpoint({ ...state, optimizer: optimizer.state() });
  }
  const { ties } = state.history.at(-1)!;
  warnOfTies(
    context,
    'the network, while it was trained in the last epoch,',
    ties,
    work.images.shape[0],
  );
  return state;
}

async function trainEpoch(
  { context, runtime, options, start, images }: TdbnWork,
  state: TdbnState,
  optimizer: Optimizer,
  epoch: number,
): Promise<TdbnEpoch> {
  const count = images.shape[0];
  const random = context.random(`epoch ${epoch}`);
  const order = permutation(count, random);
  const batches = Math.ceil(count / options.batchSize);
  let loss = 0;
  let correct = 0;
  let ties = 0;
  for (let batch = 0; batch < batches; batch++) {
    context.signal.throwIfAborted();
    const chosen = order.slice(batch * options.batchSize, (batch + 1) * options.batchSize);
    const pixels = pixelsIn(selectImages(images, chosen), start.encoder.range);
    const input = encodeBatch(start, pixels, chosen.length, random.uint32());
    const labels = chosen.map((image) => images.labels[image]!);
    const result = tdbnStep(runtime.tf, start, state.weights, input, labels, options);
    if (!Number.isFinite(result.loss)) throw notFinite(epoch, batch, options);
    optimizer.step(state.weights, result.gradients);
    follow(state.statistics, result.statistics, options.momentum);
    loss += result.loss * chosen.length;
    const score = scoreOf(result.logits, chosen, images);
    correct += score.correct;
    ties += score.ties;
    context.progress(
      epoch * batches + batch + 1,
      options.epochs * batches,
      `epoch ${epoch + 1}/${options.epochs}, loss ${result.loss.toPrecision(3)}`,
    );
    // Lets Ctrl-C and progress through between batches.
    await new Promise(setImmediate);
  }
  return { loss: loss / count, accuracy: correct / count, ties };
}

/** Moves the running statistics towards a batch's; the first batch sets them. */
function follow(
  running: Record<string, Statistics<Float32Array>>,
  batch: Readonly<Record<string, Statistics<Float32Array>>>,
  momentum: number,
): void {
  for (const [layer, { mean, variance }] of Object.entries(batch)) {
    const before = running[layer];
    const moved = (old: Float32Array | undefined, now: Float32Array) =>
      old ? old.map((value, i) => momentum * value + (1 - momentum) * now[i]!) : now.slice();
    running[layer] = {
      mean: moved(before?.mean, mean),
      variance: moved(before?.variance, variance),
    };
  }
}

function notFinite(epoch: number, batch: number, { learningRate }: TdbnOptions): UserError {
  return new UserError(
    'run',
    'LOSS_NOT_FINITE',
    `The loss of epoch ${epoch + 1}, batch ${batch + 1} is not a finite number.`,
    { hint: `Lower learningRate (it is ${learningRate}).` },
  );
}
