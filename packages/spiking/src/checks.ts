import { spikingLayers, type Architecture } from '@privatesnn/core';

import { assertAdaptable } from './adaptive-graph.js';
import type { BalanceRequest, GradientRequest, InferenceRequest, LossValue } from './engine.js';
import { fail } from './fail.js';
import { architectureBehind } from './fast/front.js';
import { beyondKernels, numbersIn } from './fast/plan.js';
import { checkInitialPotentials } from './initial-potentials.js';
import { checkNetwork } from './network-checks.js';
import {
  binaryNeuronOf,
  checkNeuron,
  checkProbe,
  checkSignedSpikes,
  checkThresholds,
  integrateAndFireOf,
} from './neuron-checks.js';
import { checkReadFromStart, checkReadout, readAfterOf } from './readout-checks.js';

/** A request whose sizes and numbers fit: what every engine checks before it computes. */
export interface CheckedBatch {
  readonly images: number;
  readonly timeSteps: number;
}

/** @throws UserError, and returns the batch's sizes and the time-steps to record at. */
export function checkInference(
  request: InferenceRequest,
): CheckedBatch & { readonly recordAt: readonly number[] } {
  const checked = checkSnnRequest(request);
  if (request.precision === 'integer') {
    integrateAndFireOf(request.snn, 'compute in integers');
    const behind = architectureBehind(request.snn);
    const what = beyondKernels(behind) ?? numbersIn(behind);
    if (what !== undefined) {
      fail(
        'configuration',
        'NETWORK_GRAPH',
        `Computing in integers takes what the kernels can compute, which is not ${what}; ${request.snn.architecture.name} has it.`,
        'Compute it in floats (precision: float), or take a network without such a layer.',
      );
    }
  }
  const recordAt = request.recordAt ?? [checked.timeSteps];
  const after = readAfterOf(request.snn);
  recordAt.forEach((step, i) => {
    const previous = recordAt[i - 1] ?? after;
    if (!Number.isInteger(step) || step <= previous || step > checked.timeSteps) {
      fail(
        'configuration',
        'ENGINE_RECORD_AT',
        `Expected ascending time-steps from ${after + 1} to ${checked.timeSteps} to record at, received ${recordAt.join(', ')}.`,
        'List every step once, in ascending order, none after the last time-step.',
      );
    }
  });
  const known = ['input', ...spikingLayers(request.snn.architecture).map(({ name }) => name)];
  for (const layer of request.raster ?? []) {
    if (!known.includes(layer)) {
      fail(
        'configuration',
        'ENGINE_RASTER_LAYER',
        `Expected a layer that spikes to record, received "${layer}".`,
        `The layers are ${known.join(', ')}.`,
      );
    }
  }
  return { ...checked, recordAt };
}

/** @throws UserError, and returns the batch's sizes. */
export function checkGradients(request: GradientRequest): CheckedBatch {
  binaryNeuronOf(request.snn, 'take gradients of');
  checkReadFromStart(request.snn, 'take gradients of');
  const { memoryBudget } = request;
  if (memoryBudget !== undefined && !(memoryBudget > 0)) {
    fail(
      'configuration',
      'ENGINE_BUDGET',
      `Expected a memory budget above 0 bytes, received ${memoryBudget}.`,
      'Leave it out for 1 GB a thread.',
    );
  }
  return checkSnnRequest(request);
}

/** @throws UserError, and returns the loss of one image, with its gradient at each of the logits. */
export function lossOf(request: GradientRequest, logits: Float32Array, image: number): LossValue {
  const loss = request.loss(logits, image);
  const numbers = (loss.gradient as Float32Array | undefined)?.length ?? 'no';
  if (numbers !== logits.length) {
    fail(
      'run',
      'ENGINE_LOSS',
      `Expected the loss to give a gradient of ${logits.length} numbers, one for each class, received ${numbers} for ` +
        `image ${image + 1}.`,
      'Mend the loss that the request brings.',
    );
  }
  return loss;
}

/** @throws UserError, and returns the batch's sizes. */
export function checkBalance(request: BalanceRequest): CheckedBatch {
  checkNetwork(request.architecture, request.parameters);
  integrateAndFireOf(request, 'balance the thresholds of');
  checkNeuron(request.neuron);
  checkSignedSpikes(request);
  if (!(request.scale > 0) || !Number.isFinite(request.scale)) {
    fail(
      'configuration',
      'ENGINE_SCALE',
      `Expected a threshold scale above 0, received ${request.scale}.`,
      'Set the scale α to a positive number; 1 takes the largest current as it is.',
    );
  }
  if (!(request.percentile > 0 && request.percentile <= 100)) {
    fail(
      'configuration',
      'ENGINE_PERCENTILE',
      `Expected a percentile above 0 and up to 100, received ${request.percentile}.`,
      'Set 100 to take the largest current.',
    );
  }
  checkProbe(request.neuron, request.timeSteps);
  return checkBatch(request, request.architecture, request.timeSteps);
}

function checkSnnRequest(request: InferenceRequest | GradientRequest): CheckedBatch {
  const { snn } = request;
  checkNetwork(snn.architecture, snn.parameters);
  checkNeuron(snn.neuron);
  checkInitialPotentials(snn);
  checkSignedSpikes(snn);
  if (snn.neuron.kind === 'adaptive')
    assertAdaptable(snn.architecture, 'A network of adaptive neurons');
  checkThresholds(snn);
  const timeSteps = request.timeSteps ?? snn.timeSteps;
  checkReadout(snn, timeSteps);
  checkProbe(snn.neuron, timeSteps);
  return checkBatch(request, snn.architecture, timeSteps);
}

function checkBatch(
  { pixels, seed, firstImage = 0 }: Pick<InferenceRequest, 'pixels' | 'seed' | 'firstImage'>,
  architecture: Architecture,
  timeSteps: number,
): CheckedBatch {
  if (!Number.isInteger(timeSteps) || timeSteps < 1) {
    fail(
      'configuration',
      'ENGINE_TIME_STEPS',
      `Expected a whole number of time-steps from 1, received ${timeSteps}.`,
      'Set the number of time-steps T to 1 or more.',
    );
  }
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    fail(
      'run',
      'ENGINE_SEED',
      `Expected a seed that is an integer from 0 to 4294967295, received ${seed}.`,
      'Take 32 bits from a random stream.',
    );
  }
  const [height, width, channels] = architecture.inputShape;
  const size = height * width * channels;
  if (pixels.length === 0 || pixels.length % size !== 0) {
    fail(
      'data',
      'ENGINE_PIXELS',
      `Expected whole images of ${height} × ${width} × ${channels} = ${size} numbers, received ${pixels.length} numbers.`,
      `Give images of the shape that ${architecture.name} was made for.`,
    );
  }
  const images = pixels.length / size;
  if (!Number.isInteger(firstImage) || firstImage < 0 || firstImage + images > 2 ** 32) {
    fail(
      'run',
      'ENGINE_FIRST_IMAGE',
      `Expected a number of the first image from 0 to ${2 ** 32 - images}, received ${firstImage}.`,
      'Images are numbered with 32 bits, for their noise.',
    );
  }
  return { images, timeSteps };
}
