import { windowOf, type Layer, type LayerShape, type Parameters } from '@privatesnn/core';

/** One input of a layer: its shape, and its numbers, row-major. */
export interface LayerInput {
  readonly shape: LayerShape;
  readonly values: ArrayLike<number>;
}

/**
 * What a layer makes of its inputs before its non-linearity, number by number, by the definition: for tests, slow.
 *
 * @param gains what an add or a concat multiplies its inputs with; 1 where they are left out
 */
export function naiveLayer(
  layer: Layer,
  inputs: readonly LayerInput[],
  output: LayerShape,
  parameters: Parameters,
  gains?: readonly number[],
): number[] {
  const [height, width, channels] = output;
  const { shape, values } = inputs[0]!;
  const at = (y: number, x: number, c: number): number | undefined =>
    y < 0 || y >= shape[0] || x < 0 || x >= shape[1] || c < 0 || c >= shape[2]
      ? undefined
      : values[(y * shape[1] + x) * shape[2] + c];
  const weight = (i: number) => parameters[`${layer.name}.weight`]!.data[i]!;
  const bias = (o: number) =>
    'bias' in layer && layer.bias ? parameters[`${layer.name}.bias`]!.data[o]! : 0;
  const one = (y: number, x: number, c: number): number => {
    switch (layer.kind) {
      case 'dense':
        return Array.from(values).reduce(
          (sum, value, i) => sum + value * weight(i * layer.outputs + c),
          bias(c),
        );
      case 'conv': {
        const { kernel, stride, dilation, padding } = windowOf(layer);
        const { inChannels, outChannels, groups = 1 } = layer;
        const part = inChannels / groups;
        const first = Math.floor((c * groups) / outChannels) * part;
        let sum = bias(c);
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++)
            for (let i = 0; i < part; i++) {
              const value = at(
                y * stride[0] + ky * dilation[0] - padding[0],
                x * stride[1] + kx * dilation[1] - padding[2],
                first + i,
              );
              sum += (value ?? 0) * weight(((ky * kernel[1] + kx) * part + i) * outChannels + c);
            }
        return sum;
      }
      case 'average-pool':
      case 'max-pool': {
        const { kernel, stride, padding } = windowOf(layer);
        const window: number[] = [];
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const value = at(y * stride[0] + ky - padding[0], x * stride[1] + kx - padding[2], c);
            if (value !== undefined) window.push(value);
          }
        if (layer.kind === 'max-pool') return Math.max(...window);
        const sum = window.reduce((a, b) => a + b, 0);
        return sum / (layer.countPadded === false ? window.length : kernel[0] * kernel[1]);
      }
      case 'shortcut':
        return at(y * layer.stride, x * layer.stride, c - layer.before) ?? 0;
      case 'add':
        return inputs.reduce(
          (sum, input, k) =>
            sum + (gains?.[k] ?? 1) * input.values[(y * width + x) * channels + c]!,
          0,
        );
      case 'concat': {
        let rest = c;
        const k = inputs.findIndex((input) => {
          if (rest < input.shape[2]) return true;
          rest -= input.shape[2];
          return false;
        });
        const input = inputs[k]!;
        return (gains?.[k] ?? 1) * input.values[(y * width + x) * input.shape[2] + rest]!;
      }
      case 'flatten':
      case 'dropout':
        return values[(y * width + x) * channels + c]!;
    }
  };
  return Array.from({ length: height * width * channels }, (_, i) =>
    one(Math.floor(i / (width * channels)), Math.floor(i / channels) % width, i % channels),
  );
}
