import {
  layerShapes,
  UserError,
  type Architecture,
  type ConvLayer,
  type DenseLayer,
  type Layer,
} from '@privatesnn/core';

export const vggNames = ['vgg5', 'vgg9', 'vgg11', 'vgg13', 'vgg16', 'vgg19'] as const;
export type VggName = (typeof vggNames)[number];

/** What a pooling gives of its window; the paper's networks average. */
export const poolings = ['average', 'max'] as const;
export type Pooling = (typeof poolings)[number];

/** Output channels of the convolutions; 'P' is a 2 × 2 pooling. As in the authors' public code. */
const features: Readonly<Record<VggName, readonly (number | 'P')[]>> = {
  vgg5: [64, 'P', 128, 128, 'P'],
  vgg9: [64, 64, 'P', 128, 128, 'P', 256, 256, 256, 'P'],
  vgg11: [64, 'P', 128, 'P', 256, 256, 'P', 512, 512, 'P', 512, 512],
  vgg13: [64, 64, 'P', 128, 128, 'P', 256, 256, 'P', 512, 512, 512, 'P', 512],
  // prettier-ignore
  vgg16: [64, 64, 'P', 128, 128, 'P', 256, 256, 256, 'P', 512, 512, 512, 'P', 512, 512, 512, 'P'],
  // prettier-ignore
  vgg19: [64, 64, 'P', 128, 128, 'P', 256, 256, 256, 256, 'P', 512, 512, 512, 512, 'P', 512, 512, 512, 512, 'P'],
};

/** Units of the hidden dense layer where the options do not say. */
const hiddenUnits: Readonly<Record<VggName, number>> = {
  vgg5: 1024,
  vgg9: 1024,
  vgg11: 4096,
  vgg13: 4096,
  vgg16: 4096,
  vgg19: 4096,
};

export interface VggOptions {
  /** [height, width, channels]. */
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** Factor on the channels of every convolution, rounded, at least one channel; 1 when left out. */
  readonly width?: number;
  /** Units of the hidden dense layer; the network's own number when left out. */
  readonly hidden?: number;
  /** Dropout after each convolution that no pooling follows; 0.2 when left out, 0 leaves the layers out. */
  readonly dropout?: number;
  /** Dropout before the last dense layer; 0.5 when left out. */
  readonly classifierDropout?: number;
  readonly bias?: boolean;
  /** Average when left out. */
  readonly pooling?: Pooling;
}

/**
 * A VGG network as in the authors' public code: 3 × 3 convolutions padded by 1, ReLU, 2 × 2 pooling, dropout,
 * one hidden dense layer; no bias unless asked for, no batch-norm. The layers are named conv1, conv2, …,
 * fc1, fc2.
 *
 * @throws UserError where the input is too small for the number of poolings
 */
export function vgg(name: VggName, options: VggOptions): Architecture {
  const { inputShape, classes, width = 1, bias = false, pooling = 'average' } = options;
  const { dropout = 0.2, classifierDropout = 0.5, hidden = hiddenUnits[name] } = options;
  const layers: Layer[] = [];
  const plan = features[name];
  let channels = inputShape[2];
  let convolutions = 0;
  plan.forEach((entry, i) => {
    if (entry === 'P') {
      layers.push({ kind: `${pooling}-pool`, size: 2 });
      return;
    }
    const outChannels = Math.max(1, Math.round(entry * width));
    layers.push(convolution(`conv${++convolutions}`, channels, outChannels, bias));
    if (plan[i + 1] !== 'P') layers.push(...dropoutLayer(dropout));
    channels = outChannels;
  });
  layers.push({ kind: 'flatten' });
  const label = name.toUpperCase();
  const inputs = flatSize({ name: label, inputShape, classes, layers });
  layers.push(dense('fc1', inputs, hidden, bias));
  layers.push(...dropoutLayer(classifierDropout));
  layers.push(dense('fc2', hidden, classes, bias));
  return { name: label, inputShape, classes, layers };
}

function convolution(
  name: string,
  inChannels: number,
  outChannels: number,
  bias: boolean,
): ConvLayer {
  return { kind: 'conv', name, inChannels, outChannels, kernel: 3, stride: 1, padding: 1, bias };
}

function dense(name: string, inputs: number, outputs: number, bias: boolean): DenseLayer {
  return { kind: 'dense', name, inputs, outputs, bias };
}

function dropoutLayer(rate: number): Layer[] {
  return rate > 0 ? [{ kind: 'dropout', rate }] : [];
}

/** Units that the layers so far give; a too small input becomes an error of the user's. */
function flatSize(architecture: Architecture): number {
  try {
    return layerShapes(architecture).at(-1)![2];
  } catch (cause) {
    const pools = architecture.layers.filter(({ kind }) => kind.endsWith('-pool')).length;
    throw new UserError(
      'configuration',
      'INPUT_TOO_SMALL',
      `${architecture.name} halves its input ${pools} times and so takes images of at least ` +
        `${2 ** pools} × ${2 ** pools} pixels, but the images have ${architecture.inputShape[0]} × ${architecture.inputShape[1]}.`,
      { hint: 'Choose a network with fewer poolings (vgg5 has two) or larger images.', cause },
    );
  }
}
