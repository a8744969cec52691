import {
  allowsSigned,
  layerShapes,
  layerText,
  parameterShapes,
  sourcesOf,
  spikingLayers,
  summingLayers,
  UserError,
  weightedLayers,
  windowOf,
  type AdaptiveNeuron,
  type Architecture,
  type ConvLayer,
  type ErrorClass,
  type IntegrateAndFire,
  type Layer,
  type NeuronModel,
  type Parameters,
  type PoolLayer,
  type Snn,
} from '@privatesnn/core';

import { assertAdaptable } from './adaptive-graph.js';
import { architectureBehind } from './fast/front.js';
import { beyondKernels } from './fast/plan.js';
import type { BalanceRequest, GradientRequest, InferenceRequest } from './engine.js';
import { isSigned } from './taking-back.js';

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
    const what = beyondKernels(architectureBehind(request.snn));
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
  recordAt.forEach((step, i) => {
    const previous = recordAt[i - 1] ?? 0;
    if (!Number.isInteger(step) || step <= previous || step > checked.timeSteps) {
      fail(
        'configuration',
        'ENGINE_RECORD_AT',
        `Expected ascending time-steps from 1 to ${checked.timeSteps} to record at, received ${recordAt.join(', ')}.`,
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
  return checkBatch(request, request.architecture, request.timeSteps);
}

function checkSnnRequest(request: InferenceRequest | GradientRequest): CheckedBatch {
  const { snn } = request;
  checkNetwork(snn.architecture, snn.parameters);
  checkNeuron(snn.neuron);
  checkSignedSpikes(snn);
  if (snn.neuron.kind === 'adaptive')
    assertAdaptable(snn.architecture, 'A network of adaptive neurons');
  checkReadout(snn);
  checkThresholds(snn);
  return checkBatch(request, snn.architecture, request.timeSteps ?? snn.timeSteps);
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

function checkNetwork(architecture: Architecture, parameters: Parameters): void {
  checkGeometry(architecture);
  try {
    layerShapes(architecture);
  } catch (error) {
    fail(
      'data',
      'ENGINE_SHAPE',
      `${(error as Error).message}`,
      'The layers of the network do not fit together.',
    );
  }
  for (const layer of weightedLayers(architecture)) {
    for (const [name, shape] of Object.entries(parameterShapes(layer))) {
      checkParameter(parameters, name, shape);
    }
  }
}

/** Sizes that are no whole numbers would be rounded differently by each engine. */
function checkGeometry({ name, inputShape, layers }: Architecture): void {
  const check = (where: string, what: string, value: number, least: number): void => {
    if (Number.isSafeInteger(value) && value >= least) return;
    fail(
      'data',
      'ENGINE_SHAPE',
      `Expected a whole number from ${least} as the ${what} of ${where}, received ${value}.`,
      `The network ${name} cannot be computed.`,
    );
  };
  const checkWindow = (where: string, layer: ConvLayer | PoolLayer): void => {
    const { kernel, stride, dilation, padding } = windowOf(layer);
    kernel.forEach((value) => check(where, 'window', value, 1));
    stride.forEach((value) => check(where, 'stride', value, 1));
    dilation.forEach((value) => check(where, 'dilation', value, 1));
    padding.forEach((value) => check(where, 'padding', value, 0));
  };
  inputShape.forEach((value) => check('the input', 'size', value, 1));
  for (const [index, layer] of layers.entries()) {
    const where = layerText(layer, index);
    if (layer.kind === 'conv') {
      check(where, 'input channels', layer.inChannels, 1);
      check(where, 'output channels', layer.outChannels, 1);
      checkWindow(where, layer);
    } else if (layer.kind === 'dense') {
      check(where, 'inputs', layer.inputs, 1);
      check(where, 'outputs', layer.outputs, 1);
    } else if (layer.kind === 'average-pool' || layer.kind === 'max-pool') {
      checkWindow(where, layer);
    } else if (layer.kind === 'shortcut') {
      check(where, 'stride', layer.stride, 1);
      check(where, 'channels before', layer.before, 0);
      check(where, 'channels after', layer.after, 0);
    }
  }
}

function checkParameter(parameters: Parameters, name: string, shape: readonly number[]): void {
  const parameter = parameters[name];
  const length = shape.reduce((a, b) => a * b);
  if (parameter?.data.length !== length || parameter.shape.join() !== shape.join()) {
    fail(
      'data',
      'ENGINE_SHAPE',
      `Expected a parameter "${name}" of shape ${shape.join(' × ')}, received ${
        parameter ? `${parameter.shape.join(' × ')} with ${parameter.data.length} numbers` : 'none'
      }.`,
      'The parameters do not belong to this architecture.',
    );
  }
}

/**
 * A network's integrate-and-fire neurons.
 *
 * @param what as in "cannot ... a network of adaptive neurons"
 * @throws UserError where the neurons are adaptive
 */
export function integrateAndFireOf(
  { neuron }: Pick<Snn, 'neuron'>,
  what: string,
): IntegrateAndFire {
  if (neuron.kind === 'integrate-and-fire') return neuron;
  fail(
    'configuration',
    'ADAPTIVE_NEURON',
    `Expected integrate-and-fire neurons: the framework cannot ${what} a network of adaptive neurons.`,
    'Such a network can be tested, and attacked by re-conversion; convert with threshold-balancing or weight-normalisation for the rest.',
  );
}

/** Integrate-and-fire neurons whose spikes are 0 or 1. */
export type BinaryNeuron = IntegrateAndFire & { readonly signed?: false | undefined };

/**
 * The same, for what takes the spike as a step of the membrane potential alone.
 *
 * @throws UserError where the neurons are adaptive, or signed
 */
export function binaryNeuronOf(network: Pick<Snn, 'neuron'>, what: string): BinaryNeuron {
  const neuron = integrateAndFireOf(network, what);
  if (!isSigned(neuron)) return neuron as BinaryNeuron;
  fail(
    'configuration',
    'SIGNED_NEURON',
    `Expected neurons whose spikes are 0 or 1: the framework cannot ${what} a network of signed neurons, as a spike that is taken back depends on all before it.`,
    'Convert with spikes: binary for this; a network of signed neurons can be tested, and attacked by re-conversion.',
  );
}

/**
 * Refuses what signed neurons (taking-back.js) cannot be part of: a spike that a window's maximum has let through
 * cannot be taken back by another of the window.
 *
 * @throws UserError
 */
export function checkSignedSpikes({
  architecture,
  neuron,
}: Pick<Snn, 'architecture' | 'neuron'>): void {
  if (neuron.kind === 'adaptive' || !isSigned(neuron)) return;
  const { leak, reset } = neuron;
  if (!allowsSigned(neuron)) {
    fail(
      'configuration',
      'SIGNED_NEURON',
      `Expected signed neurons without leak and with a soft reset, received a leak λ of ${leak} and the reset ${reset}.`,
      'Set leak: 1 and reset: soft, or spikes: binary.',
    );
  }
  const { layers, name } = architecture;
  const sources = sourcesOf(architecture);
  const spiking = new Set<Layer>(spikingLayers(architecture));
  const summing = new Set<Layer>(summingLayers(architecture));
  const givesSpikes = (place: number): boolean => {
    const layer = layers[place];
    if (!layer || summing.has(layer)) return layer !== undefined && spiking.has(layer);
    return sources[place]!.some(givesSpikes);
  };
  const pool = layers.findIndex(
    ({ kind }, place) => kind === 'max-pool' && sources[place]!.some(givesSpikes),
  );
  if (pool < 0) return;
  fail(
    'configuration',
    'SIGNED_MAX_POOLING',
    `Expected no max-pooling of the spikes of signed neurons, but ${layerText(layers[pool]!, pool)} of ${name} is one: what has passed cannot be taken back by another neuron of the window.`,
    'Convert with maxPooling: currents, which puts the neurons behind the pooling, or with spikes: binary.',
  );
}

function checkReadout({ neuron, readout }: Snn): void {
  if (readout.kind !== 'filtered' || neuron.kind === 'adaptive') return;
  fail(
    'configuration',
    'ENGINE_READOUT',
    'Expected a read-out of summed potentials, received "filtered".',
    'Only adaptive neurons filter their current.',
  );
}

function checkAdaptive({ rest, growth, kind: _, ...decays }: AdaptiveNeuron): void {
  const wrong = [
    ...Object.entries(decays).filter(([, value]) => !(value >= 0 && value < 1)),
    ...Object.entries({ growth }).filter(([, value]) => !(value >= 0 && value < Infinity)),
    ...Object.entries({ rest }).filter(([, value]) => !(value > 0 && value < Infinity)),
  ];
  if (wrong.length > 0) {
    fail(
      'data',
      'ENGINE_ADAPTIVE',
      `Expected decays from 0 and below 1, a growth from 0 and a rest above 0, received ${wrong
        .map(([name, value]) => `${name} ${value}`)
        .join(', ')}.`,
      'A decay is exp(−1/τ), with the time constant τ in time-steps.',
    );
  }
}

function checkNeuron(neuron: NeuronModel): void {
  if (neuron.kind === 'adaptive') {
    checkAdaptive(neuron);
    return;
  }
  const { leak, initial } = neuron;
  if (!(leak > 0 && leak <= 1)) {
    fail(
      'configuration',
      'ENGINE_LEAK',
      `Expected a leak λ above 0 and up to 1, received ${leak}.`,
      'λ is the part of the membrane potential that is kept; 1 keeps all of it.',
    );
  }
  if (!(initial >= 0 && initial < 1)) {
    fail(
      'configuration',
      'ENGINE_INITIAL',
      `Expected an initial potential v from 0 to below 1, received ${initial}.`,
      'Membranes start at v · θ; 0 starts them empty.',
    );
  }
}

function checkThresholds(snn: Snn): void {
  for (const { name } of spikingLayers(snn.architecture)) {
    const threshold = snn.thresholds[name];
    if (threshold === undefined || !(threshold > 0) || !Number.isFinite(threshold)) {
      fail(
        'data',
        'ENGINE_THRESHOLD',
        `Expected a threshold above 0 for layer "${name}", received ${threshold ?? 'none'}.`,
        'Balance the thresholds first; a layer that no positive current reaches gets none.',
      );
    }
  }
}

function fail(errorClass: ErrorClass, code: string, message: string, hint: string): never {
  throw new UserError(errorClass, code, message, { hint });
}
