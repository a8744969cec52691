import {
  layerShapes,
  layerText,
  parameterShapes,
  weightedLayers,
  windowOf,
  type Architecture,
  type ConvLayer,
  type Parameters,
  type PoolLayer,
} from '@privatesnn/core';

import { fail } from './fail.js';

/** Checks that layers fit together, with parameters of their shapes. @throws UserError */
export function checkNetwork(architecture: Architecture, parameters: Parameters): void {
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
