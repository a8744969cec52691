import { UserError, type Ann, type ConvLayer, type Layer } from '@privatesnn/core';
import { z } from 'zod';

/** What a pipeline did with images before the network, by channel or one number for all. */
export const normalisationSchema = z.strictObject({
  mean: z.array(z.number()).min(1),
  std: z.array(z.number().positive()).min(1),
});
export type Normalisation = z.output<typeof normalisationSchema>;

/**
 * A network that normalises its images itself: (x − mean) / std, by channel.
 *
 * Zeros that a convolution pads its input with are pixels of the mean, so that its weights and bias can take the
 * normalisation up only where it pads nothing. It becomes a layer of its own: a linear convolution of each pixel and
 * channel by itself. With one mean and one deviation for all channels, the range of the pixels alone changes.
 *
 * @param ann its `inputRange` is that of the images before they are normalised
 * @throws UserError where there are numbers for another number of channels, or a mean is outside of the range
 */
export function withNormalisation(ann: Ann, { mean, std }: Normalisation, file: string): Ann {
  const { architecture, inputRange } = ann;
  const channels = architecture.inputShape[2];
  const fault = (message: string, hint: string) =>
    new UserError('configuration', 'NORMALISATION', message, {
      hint,
      place: { file },
      option: 'normalisation',
    });
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values.length === 1 || values.length === channels) continue;
    throw fault(
      `"normalisation" has ${values.length} numbers as "${name}", but the images of ${file} have ${channels} channels.`,
      'Give one number for each channel, or one for all.',
    );
  }
  const [low, high] = inputRange;
  const outside = mean.find((value) => value < low || value > high);
  if (outside !== undefined) {
    throw fault(
      `"normalisation" subtracts ${outside}, but the pixels of ${file} go from ${low} to ${high}.`,
      'Give mean and std in units of "inputRange": [0, 1] for those of torchvision, [0, 255] for pixels as they are.',
    );
  }
  const of = (values: readonly number[], c: number) => values[values.length === 1 ? 0 : c]!;
  const scale = Float64Array.from({ length: channels }, (_, c) => 1 / of(std, c));
  const shift = scale.map((value, c) => -of(mean, c) * value);
  if (scale.every((value) => value === scale[0]) && shift.every((value) => value === shift[0])) {
    return { ...ann, inputRange: [low * scale[0]! + shift[0]!, high * scale[0]! + shift[0]!] };
  }
  const { layers } = architecture;
  let name = 'normalisation';
  for (let n = 2; layers.some((layer) => layer.name === name); n++) name = `normalisation_${n}`;
  const layer: ConvLayer = {
    kind: 'conv',
    name,
    inChannels: channels,
    outChannels: channels,
    kernel: 1,
    stride: 1,
    padding: 0,
    groups: channels,
    bias: true,
    linear: true,
  };
  return {
    ...ann,
    architecture: { ...architecture, layers: [layer, ...layers.map((one) => after(one, name))] },
    parameters: {
      [`${name}.weight`]: { shape: [1, 1, 1, channels], data: Float32Array.from(scale) },
      [`${name}.bias`]: { shape: [channels], data: Float32Array.from(shift) },
      ...ann.parameters,
    },
  };
}

/** The layer, which takes what it took of the image from the layer before all others. */
function after(layer: Layer, name: string): Layer {
  if (!layer.from?.includes('input')) return layer;
  return { ...layer, from: layer.from.map((one) => (one === 'input' ? name : one)) };
}
