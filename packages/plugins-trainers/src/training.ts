import {
  permutation,
  pixelsIn,
  selectImages,
  UserError,
  type Parameters,
  type Snn,
} from '@privatesnn/core';
import { annLogits } from '@privatesnn/runtime-tfjs';
import {
  allFinite,
  encryptionLoss,
  fitReadout,
  learningRateAt,
  reconvertToAnn,
  relativeWeightChange,
  targetLosses,
  warnOfTies,
  type Gradients,
  type Loss,
} from '@privatesnn/spiking';

import { scoreOf } from './batches.js';
import { anySurrogateOf } from './part-options.js';
import type { Work } from './prepare.js';
import {
  checkpointOf,
  initialState,
  networkOf,
  restoredState,
  type Epoch,
  type Silence,
  type TrainingState,
} from './training-state.js';

/** Trains for all epochs that are still to do, with a checkpoint after each. */
export async function train(work: Work): Promise<TrainingState> {
  const { context, options, start } = work;
  const checkpoint = await context.loadCheckpoint();
  const state = checkpoint
    ? restoredState(checkpoint, options)
    : initialState(start, options, context.random('weight-noise'));
  for (let epoch = state.history.length; epoch < options.epochs; epoch++) {
    state.optimizer.learningRate = learningRateAt(
      options.learningRate,
      epoch,
      options.epochs,
      options,
    );
    const before = copied(networkOf(start, state).parameters);
    const record = await trainEpoch(work, state, epoch);
    state.history.push(record);
    warnOfLeaps(work, before, networkOf(start, state).parameters, epoch);
    context.record('epoch', { epoch, ...record });
    await context.saveCheckpoint(checkpointOf(state));
  }
  warnOfSilence(work, state);
  const { ties } = state.history.at(-1)!;
  warnOfTies(
    context,
    'the network, while it was trained in the last epoch,',
    ties,
    work.images.shape[0],
  );
  return state;
}

async function trainEpoch(work: Work, state: TrainingState, epoch: number): Promise<Epoch> {
  const { context, options, images } = work;
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
    const result = await batchGradients(work, state, chosen, random.uint32());
    requireFinite(result, epoch, batch);
    countSilence(state.silence, result.parameters, epoch);
    step(state, result);
    loss += result.loss * chosen.length;
    const score = scoreOf(result.logits, chosen, images);
    correct += score.correct;
    ties += score.ties;
    context.progress(
      epoch * batches + batch + 1,
      options.epochs * batches,
      `epoch ${epoch + 1}/${options.epochs}, loss ${result.loss.toPrecision(3)}`,
    );
  }
  const snn = networkOf(work.start, state);
  const change = relativeWeightChange(work.start.parameters, snn.parameters);
  return {
    loss: loss / count,
    accuracy: correct / count,
    ties,
    reconvertedAgreement: await reconvertedAgreement(work, snn),
    weightChange: rootMeanSquare(Object.values(change)),
    weightChanges: change,
  };
}

function batchGradients(
  { engine, options, images, teacherLogits, start, context }: Work,
  state: TrainingState,
  chosen: Int32Array,
  seed: number,
): Promise<Gradients> {
  const { classes } = start.architecture;
  const batch = selectImages(images, chosen);
  const lossOf = (image: number): Loss => {
    const target =
      options.labels === 'soft'
        ? batch.softLabels!.subarray(image * classes, (image + 1) * classes)
        : batch.labels[image]!;
    if (!options.distillation || !teacherLogits) return targetLosses[options.loss](target);
    const row = chosen[image]! * classes;
    return encryptionLoss(target, teacherLogits.subarray(row, row + classes), options);
  };
  return engine.gradients({
    snn: networkOf(start, state),
    pixels: pixelsIn(batch, start.encoder.range),
    seed,
    surrogate: anySurrogateOf(options),
    detachReset: options.detachReset,
    dropout: options.dropout,
    loss: (logits, image) => lossOf(image)(logits),
    wanted: { parameters: true, thresholds: options.trainThresholds, input: false },
    memoryBudget: options.memoryBudget * 2 ** 20,
    signal: context.signal,
  });
}

/** One optimizer step over weights and, where they are trained, thresholds, which stay positive. */
function step(state: TrainingState, gradients: Gradients): void {
  const named = <T>(thresholds: Readonly<Record<string, T>>) =>
    Object.entries(thresholds).map(([layer, value]) => [`${layer}.threshold`, value] as const);
  state.optimizer.step(
    { ...state.weights, ...Object.fromEntries(named(state.thresholds)) },
    {
      ...gradients.parameters,
      ...Object.fromEntries(
        named(gradients.thresholds).map(([name, g]) => [name, Float32Array.of(g)]),
      ),
    },
  );
  for (const theta of Object.values(state.thresholds)) theta[0] = Math.max(theta[0]!, 1e-6);
}

/** Part of the probe's images that the re-converted ANN puts in the teacher's class, without one in theirs. */
async function reconvertedAgreement(work: Work, snn: Snn): Promise<number> {
  const { images, teacherLogits } = work.probe;
  const logits = await annLogits(work.tensors, reconvertToAnn(snn), images, {
    signal: work.context.signal,
  });
  if (teacherLogits) {
    return fitReadout(logits, teacherLogits, snn.architecture.classes).agreement;
  }
  const all = Int32Array.from(images.labels, (_, i) => i);
  return scoreOf(logits, all, images).correct / images.shape[0];
}

/** Counts a batch in which some parameter has no gradient. */
function countSilence(
  silence: Silence,
  gradients: Readonly<Record<string, Float32Array>>,
  epoch: number,
): void {
  const silent = Object.keys(gradients).filter((name) => isZero(gradients[name]!));
  if (silent.length === 0) return;
  silence.batches++;
  silence.lastEpoch = epoch;
  for (const name of silent) silence.parameters[name] = (silence.parameters[name] ?? 0) + 1;
}

function isZero(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (values[i] !== 0) return false;
  return true;
}

/** Says which parameters had no gradient, until when, and whether anything needs doing about it. */
function warnOfSilence({ context, options, images }: Work, { silence }: TrainingState): void {
  const { batches, parameters, lastEpoch } = silence;
  if (batches === 0) return;
  const { epochs, batchSize } = options;
  const all = epochs * Math.ceil(images.shape[0] / batchSize);
  const names = Object.keys(parameters).map((name) => `"${name}"`);
  context.warn(
    `${batches} of ${all} batches brought no gradient at all to ${names.join(', ')}: no spike reached that layer, or ` +
      'its neurons were far from their thresholds. ' +
      (2 * (lastEpoch + 1) <= epochs
        ? `After epoch ${lastEpoch + 1} of ${epochs} every batch brought one to all layers, so nothing needs doing.`
        : `The last was in epoch ${lastEpoch + 1} of ${epochs}. Raise timeSteps, lower the threshold scale, or train with ` +
          'stronger images.'),
  );
}

function copied(parameters: Parameters): Parameters {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, data }]) => [
      name,
      { shape, data: data.slice() },
    ]),
  );
}

/** Warns of layers that an epoch changed by more than their own size: what the ANN had learnt is gone. */
function warnOfLeaps(
  { context }: Work,
  before: Parameters,
  after: Parameters,
  epoch: number,
): void {
  for (const [layer, change] of Object.entries(relativeWeightChange(before, after))) {
    if (!(change > 1)) continue;
    context.warn(
      `Epoch ${epoch + 1} changed the weights of layer "${layer}" by ${change.toPrecision(3)} times their own size: ` +
        'nothing is left of what they were. Lower learningRate.',
    );
  }
}

function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
}

/** Throws where training has left the finite numbers, before it can spoil the weights. */
function requireFinite({ loss, parameters }: Gradients, epoch: number, batch: number): void {
  const where = `of epoch ${epoch + 1}, batch ${batch + 1}`;
  if (!Number.isFinite(loss)) {
    throw new UserError('run', 'LOSS_NOT_FINITE', `The loss ${where} is not a finite number.`, {
      hint: 'Lower learningRate, or use readout: fitted so that the logits keep their size.',
    });
  }
  for (const [name, gradient] of Object.entries(parameters)) {
    if (allFinite(gradient)) continue;
    throw new UserError(
      'run',
      'GRADIENT_NOT_FINITE',
      `The gradient of "${name}" ${where} is not finite: it has grown from time-step to time-step.`,
      { hint: 'Use detachReset: true, or divideByTheta: true, or fewer timeSteps.' },
    );
  }
}
