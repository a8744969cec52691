// The paper's networks with random weights, thresholds that force an activity, and images: all from a fixed seed.
import { readFileSync } from 'node:fs';

import { mix } from '@privatesnn/spiking';

const pool = { kind: 'average-pool', size: 2 };

function vgg(name, channels, hidden) {
  const layers = [];
  let inChannels = 3;
  let size = 32;
  for (const [i, outChannels] of channels.entries()) {
    if (outChannels === 'A') {
      layers.push(pool);
      size /= 2;
      continue;
    }
    layers.push({
      kind: 'conv',
      name: `conv${i + 1}`,
      inChannels,
      outChannels,
      kernel: 3,
      stride: 1,
      padding: 1,
      bias: false,
    });
    inChannels = outChannels;
  }
  const inputs = inChannels * size * size;
  layers.push(
    { kind: 'flatten' },
    { kind: 'dense', name: 'fc1', inputs, outputs: hidden, bias: false },
    { kind: 'dense', name: 'fc2', inputs: hidden, outputs: 10, bias: false },
  );
  return { name, inputShape: [32, 32, 3], classes: 10, layers };
}

export const architectures = {
  VGG5: vgg('VGG5', [64, 64, 'A', 128, 'A'], 1024),
  VGG9: vgg('VGG9', [64, 64, 'A', 128, 128, 'A', 256, 256, 256, 'A'], 1024),
  VGG11: vgg('VGG11', [64, 64, 'A', 128, 128, 'A', 256, 256, 256, 'A', 512, 512, 'A'], 1024),
  VGG16: vgg(
    'VGG16',
    [64, 64, 'A', 128, 128, 'A', 256, 256, 256, 'A', 512, 512, 512, 'A', 512, 512, 512, 'A'],
    4096,
  ),
};

/** Uniform in [0, 1), by place. */
const uniform = (seed, i) => mix(mix(seed) ^ i) / 2 ** 32;

/** Roughly normal: the sum of four uniform numbers, scaled to deviation 1. */
function normal(seed, i) {
  let sum = -2;
  for (let k = 0; k < 4; k++) sum += uniform(seed + k, i);
  return sum * Math.sqrt(3);
}

/** Weights after He 2015: deviation √(2 / inputs). */
export function randomParameters(architecture) {
  const weighted = architecture.layers.filter((layer) => layer.name);
  return Object.fromEntries(
    weighted.map((layer, l) => {
      const shape =
        layer.kind === 'dense'
          ? [layer.inputs, layer.outputs]
          : [layer.kernel, layer.kernel, layer.inChannels, layer.outChannels];
      const size = shape.reduce((a, b) => a * b);
      const deviation = Math.sqrt((2 * shape.at(-1)) / size);
      const data = new Float32Array(size);
      for (let i = 0; i < size; i++) data[i] = deviation * normal(16 * l, i);
      return [`${layer.name}.weight`, { shape, data }];
    }),
  );
}

/**
 * Weights of a trained network from a safetensors file: float16 or float32 tensors in the order of layers, as
 * PyTorch has them ([outputs, inputs, kernel, kernel] and [outputs, inputs]).
 */
export function trainedParameters(architecture, file) {
  const bytes = readFileSync(file);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.subarray(8, start).toString());
  const tensors = Object.entries(header).filter(([, { shape }]) => shape?.length >= 2);
  const order = (name) => (name.startsWith('classifier') ? 1000 : 0) + Number(/\d+/.exec(name)[0]);
  tensors.sort(([a], [b]) => order(a) - order(b));
  const weighted = architecture.layers.filter((layer) => layer.name);
  return Object.fromEntries(
    weighted.map(({ name }, l) => {
      const { dtype, shape, data_offsets: offsets } = tensors[l][1];
      const [outputs, inputs, height = 1, width = 1] = shape;
      const taps = height * width;
      const data = new Float32Array(outputs * inputs * taps);
      for (let i = 0; i < data.length; i++) {
        const at = start + offsets[0];
        const value =
          dtype === 'F16' ? half(bytes.readUInt16LE(at + 2 * i)) : bytes.readFloatLE(at + 4 * i);
        const [output, rest] = [Math.floor(i / (inputs * taps)), i % (inputs * taps)];
        data[((rest % taps) * inputs + Math.floor(rest / taps)) * outputs + output] = value;
      }
      const size = taps > 1 ? [height, width, inputs, outputs] : [inputs, outputs];
      return [`${name}.weight`, { shape: size, data }];
    }),
  );
}

/** A finite 16-bit float. */
function half(bits) {
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  const value = exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15);
  return bits >> 15 ? -value : value;
}

/** Images of a CIFAR-10 binary file, in [-1, 1]. */
export function cifarImages(file, count) {
  const bytes = readFileSync(file);
  const pixels = new Float32Array(count * 3072);
  for (let n = 0; n < count; n++) {
    for (let p = 0; p < 1024; p++) {
      for (let c = 0; c < 3; c++) {
        pixels[(n * 1024 + p) * 3 + c] = bytes[n * 3073 + 1 + c * 1024 + p] / 127.5 - 1;
      }
    }
  }
  return pixels;
}

/** What a measurement computes with: the trained network and real images where files are named. */
export function materials({ network, weights, images }, count) {
  const architecture = architectures[network];
  return {
    architecture,
    parameters: weights ? trainedParameters(architecture, weights) : randomParameters(architecture),
    pixels: images ? cifarImages(images, count) : randomImages(count),
  };
}

/** Smooth coloured images in [-1, 1]: a few waves each. */
export function randomImages(count) {
  const pixels = new Float32Array(count * 32 * 32 * 3);
  for (let n = 0; n < count; n++) {
    const u = Array.from({ length: 12 }, (_, k) => uniform(1000 + n, k));
    for (let y = 0; y < 32; y++) {
      for (let x = 0; x < 32; x++) {
        for (let c = 0; c < 3; c++) {
          const wave = Math.sin((x * (u[c] - 0.5) + y * (u[c + 3] - 0.5)) * 0.8 + 6 * u[c + 6]);
          pixels[((n * 32 + y) * 32 + x) * 3 + c] = 0.6 * wave + 0.8 * (u[c + 9] - 0.5);
        }
      }
    }
  }
  return pixels;
}

export function snnOf(architecture, parameters, thresholds, timeSteps) {
  return {
    type: 'snn',
    architecture,
    parameters,
    thresholds,
    neuron: { kind: 'integrate-and-fire', leak: 1, reset: 'soft', firing: 'strict', initial: 0 },
    encoder: { kind: 'poisson', range: [-1, 1] },
    readout: { kind: 'sum', scale: 1 },
    timeSteps,
    classNames: Array.from({ length: architecture.classes }, (_, i) => String(i)),
  };
}

/** Thresholds under which every layer's neurons spike at `rate` per time-step over T, found layer by layer. */
export async function thresholdsFor(engine, architecture, parameters, rate, timeSteps) {
  const pixels = randomImages(2);
  const thresholds = {};
  const spiking = architecture.layers.filter((layer) => layer.name).slice(0, -1);
  for (const { name, outputs } of spiking) {
    const end = architecture.layers.findIndex((layer) => layer.name === name) + 1;
    const part = {
      ...architecture,
      layers: [...architecture.layers.slice(0, end), { kind: 'flatten' }],
    };
    const inputs = outputs ?? neuronsAt(part.layers);
    const probe = { kind: 'dense', name: 'probe', inputs, outputs: 10, bias: false };
    part.layers.push(probe);
    const weight = { shape: [inputs, 10], data: new Float32Array(inputs * 10) };
    let [low, high] = [-8, 6];
    for (let step = 0; step < 9; step++) {
      const middle = (low + high) / 2;
      thresholds[name] = Math.exp(middle);
      const snn = snnOf(part, { ...parameters, 'probe.weight': weight }, thresholds, timeSteps);
      const { spikes, neurons } = (await engine.infer({ snn, pixels, seed: 1 })).activity.at(-1);
      if (spikes / (neurons * 2 * timeSteps) > rate) low = middle;
      else high = middle;
    }
  }
  return thresholds;
}

function neuronsAt(layers) {
  let size = 32;
  let channels = 3;
  for (const layer of layers) {
    if (layer.kind === 'average-pool') size /= layer.size;
    if (layer.kind === 'conv') channels = layer.outChannels;
  }
  return size * size * channels;
}
