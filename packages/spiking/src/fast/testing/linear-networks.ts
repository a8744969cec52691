import {
  spikingLayers,
  type Architecture,
  type ConvLayer,
  type Layer,
  type Snn,
} from '@privatesnn/core';
import { classNames, testStream } from '@privatesnn/testkit';

import { exactParameters } from './exact-parameters.js';

type Named = Layer & { name: string };

function conv(
  name: string,
  sizes: readonly [number, number],
  rest: Partial<ConvLayer> = {},
): Named {
  const [inChannels, outChannels] = sizes;
  return {
    ...{ kind: 'conv', name, inChannels, outChannels, kernel: 1, stride: 1, padding: 0 },
    ...{ bias: true, ...rest },
  };
}

const wide = { kernel: 3, padding: 1 } as const;
const linear = { linear: true } as const;

/** Expansion, depthwise convolution, linear projection, as in MobileNetV2. */
function invertedResidual(
  name: string,
  from: string,
  [before, after]: readonly [number, number],
  stride: number,
): Named[] {
  const expanded = 70;
  return [
    conv(`${name}-expand`, [before, expanded], { from: [from], maximum: 6 }),
    conv(`${name}-depth`, [expanded, expanded], { ...wide, stride, groups: expanded, maximum: 6 }),
    conv(`${name}-project`, [expanded, after], linear),
  ];
}

/** MobileNetV2 in small: linear bottlenecks, one of them with a residual add that has no neurons either. */
export const invertedResiduals: Architecture = {
  name: 'inverted-residuals',
  inputShape: [4, 2, 2],
  classes: 2,
  layers: [
    conv('stem', [2, 40], { ...wide, maximum: 6 }),
    conv('project', [40, 24], linear),
    ...invertedResidual('first', 'project', [24, 24], 1),
    { kind: 'add', name: 'sum', from: ['project', 'first-project'], ...linear },
    ...invertedResidual('second', 'sum', [24, 36], 2),
    conv('head', [36, 70]),
    { kind: 'average-pool', size: [2, 1] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 70, outputs: 2, bias: true },
  ],
};

/** A linear layer that two others take, in as few neurons as will do for many time-steps. */
export const linearChain: Architecture = {
  name: 'linear-chain',
  inputShape: [2, 1, 2],
  classes: 2,
  layers: [
    conv('stem', [2, 3]),
    conv('project', [3, 2], linear),
    conv('expand', [2, 3]),
    { kind: 'concat', name: 'joined', from: ['expand', 'project'] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 10, outputs: 2, bias: true },
  ],
};

/** A linear layer that only the last of the layers behind it takes. */
export const linearPast: Architecture = {
  name: 'linear-past',
  inputShape: [2, 1, 2],
  classes: 2,
  layers: [
    conv('stem', [2, 3]),
    conv('project', [3, 3], linear),
    conv('beside', [3, 3], { from: ['stem'] }),
    { kind: 'add', name: 'sum', from: ['project', 'project', 'beside'] },
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 6, outputs: 2, bias: true },
  ],
};

/** What each number is multiplied with before its neuron, as a batch normalisation is. */
function normalised(name: string, from: string, channels: number): Named {
  return conv(name, [channels, channels], { from: [from], groups: channels });
}

/** DenseNet in small: convolutions without neurons side by side, each taken by all behind it, and poolings of those. */
export const denseBlock: Architecture = {
  name: 'dense-block',
  inputShape: [4, 3, 2],
  classes: 2,
  layers: [
    conv('stem', [2, 36], { ...wide, ...linear }),
    { kind: 'max-pool', name: 'pool', size: 3, stride: 1, padding: 1 },
    normalised('norm1', 'pool', 36),
    conv('narrow1', [36, 20]),
    conv('grow1', [20, 17], { ...wide, ...linear }),
    { kind: 'concat', name: 'joined1', from: ['pool', 'grow1'] },
    normalised('norm2', 'joined1', 53),
    conv('narrow2', [53, 20]),
    conv('grow2', [20, 17], { ...wide, ...linear }),
    { kind: 'concat', name: 'joined2', from: ['joined1', 'norm2', 'grow2'] },
    normalised('norm3', 'joined2', 123),
    conv('transition', [123, 40], linear),
    { kind: 'average-pool', name: 'halved', size: 2 },
    normalised('norm4', 'halved', 40),
    { kind: 'flatten' },
    { kind: 'dense', name: 'output', inputs: 80, outputs: 2, bias: true },
  ],
};

/** A network of those with all sums exact, and images. */
export function linearRun(
  architecture: Architecture,
  {
    images = 3,
    ...rest
  }: Partial<Pick<Snn, 'timeSteps' | 'neuron' | 'encoder'>> & { images?: number } = {},
): { snn: Snn; pixels: Float32Array } {
  const random = testStream('pixels');
  const joins = architecture.layers.filter(({ kind }) => kind === 'add' || kind === 'concat');
  const snn: Snn = {
    ...{ type: 'snn', architecture, timeSteps: 5, classNames: classNames(2) },
    parameters: exactParameters(architecture, { least: -3 }),
    thresholds: Object.fromEntries(spikingLayers(architecture).map(({ name }) => [name, 0.25])),
    gains: Object.fromEntries(
      joins.map(({ name, from }) => [name!, from!.map((_, place) => 1 / 2 ** place)]),
    ),
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    ...rest,
  };
  const [height, width, channels] = architecture.inputShape;
  const length = images * height * width * channels;
  return { snn, pixels: Float32Array.from({ length }, () => random.uniform() * 2 - 1) };
}
