import { layerShapes, type Architecture, type ConvLayer, type Layer } from '@privatesnn/core';

export const resnetNames = [
  'resnet18',
  'resnet19',
  'resnet20',
  'resnet32',
  'resnet44',
  'resnet56',
] as const;
export type ResnetName = (typeof resnetNames)[number];

interface Plan {
  /** Channels and residual blocks of each stage; all stages but the first halve the picture. */
  readonly stages: readonly (readonly [channels: number, blocks: number])[];
  /**
   * How a block whose output has another shape passes its input on: `padded`, every second pixel and channels of zeros
   * (He 2016, option A), or `projected`, by a 1 × 1 convolution (option B).
   */
  readonly shortcut: 'padded' | 'projected';
  /** Units of a hidden dense layer before the last. */
  readonly hidden?: number;
}

const narrow = (blocks: number): Plan => ({
  stages: [
    [16, blocks],
    [32, blocks],
    [64, blocks],
  ],
  shortcut: 'padded',
});

const plans: Readonly<Record<ResnetName, Plan>> = {
  resnet18: {
    stages: [
      [64, 2],
      [128, 2],
      [256, 2],
      [512, 2],
    ],
    shortcut: 'projected',
  },
  resnet19: {
    stages: [
      [128, 3],
      [256, 3],
      [512, 2],
    ],
    shortcut: 'projected',
    hidden: 256,
  },
  resnet20: narrow(3),
  resnet32: narrow(5),
  resnet44: narrow(7),
  resnet56: narrow(9),
};

export interface ResnetOptions {
  /** [height, width, channels]. */
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** Factor on the channels of every convolution, rounded, at least one channel; 1 when left out. */
  readonly width?: number;
  /** Units of the hidden dense layer of ResNet-19; 256 when left out. */
  readonly hidden?: number;
  /** Whether convolutions have biases, which dense layers always have; false when left out. */
  readonly bias?: boolean;
}

/**
 * A residual network for small pictures: ResNet-20 to -56 of He 2016 for CIFAR-10, with shortcuts of option A; ResNet-18
 * with a first convolution of 3 × 3 and 1 × 1 convolutions as shortcuts; ResNet-19 of Zheng 2020 for spiking networks.
 * Two 3 × 3 convolutions a block, the mean over all pixels before the dense layer. Layers have the names of
 * PyTorch's modules: conv1, layer1.0.conv1, layer2.0.downsample.0, fc; a block's add is layer1.0. Batch normalisation is
 * no layer here: training folds it into the convolutions.
 */
export function resnet(name: ResnetName, options: ResnetOptions): Architecture {
  const { inputShape, classes, width = 1, bias = false } = options;
  const { stages, shortcut, hidden } = plans[name];
  const layers: Layer[] = [];
  const wide = (channels: number) => Math.max(1, Math.round(channels * width));
  const convolution = (
    at: string,
    inChannels: number,
    outChannels: number,
    kernel: number,
    stride: number,
  ): ConvLayer => ({
    kind: 'conv',
    name: at,
    inChannels,
    outChannels,
    kernel,
    stride,
    padding: (kernel - 1) / 2,
    bias,
  });
  let channels = wide(stages[0]![0]);
  let before = 'conv1';
  layers.push(convolution(before, inputShape[2], channels, 3, 1));
  stages.forEach(([stageChannels, blocks], stage) => {
    for (let block = 0; block < blocks; block++) {
      const at = `layer${stage + 1}.${block}`;
      const outChannels = wide(stageChannels);
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const second = `${at}.conv2`;
      layers.push(
        { ...convolution(`${at}.conv1`, channels, outChannels, 3, stride), from: [before] },
        { ...convolution(second, outChannels, outChannels, 3, 1), linear: true },
      );
      let past = before;
      if (stride !== 1 || outChannels !== channels) {
        const from = [before];
        if (shortcut === 'projected') {
          past = `${at}.downsample.0`;
          const projection = convolution(past, channels, outChannels, 1, stride);
          layers.push({ ...projection, from, linear: true });
        } else {
          past = `${at}.shortcut`;
          const added = outChannels - channels;
          const front = Math.floor(added / 2);
          const [behind, kind] = [added - front, 'shortcut'] as const;
          layers.push({ kind, name: past, from, stride, before: front, after: behind });
        }
      }
      layers.push({ kind: 'add', name: at, from: [second, past] });
      [before, channels] = [at, outChannels];
    }
  });
  const label = name.replace('resnet', 'ResNet-');
  const [rows, columns] = layerShapes({ name: label, inputShape, classes, layers }).at(-1)!;
  layers.push({ kind: 'average-pool', size: [rows, columns] }, { kind: 'flatten' });
  if (hidden !== undefined) {
    const outputs = options.hidden ?? hidden;
    layers.push({ kind: 'dense', name: 'fc1', inputs: channels, outputs, bias: true });
    channels = outputs;
  }
  layers.push({ kind: 'dense', name: 'fc', inputs: channels, outputs: classes, bias: true });
  return { name: label, inputShape, classes, layers };
}
