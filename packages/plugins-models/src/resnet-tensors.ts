import type { Safetensors } from './safetensors/read.js';

/** What modules of residual networks are called: by torchvision, and by others. */
const otherNames: readonly (readonly [torchvision: RegExp, other: string])[] = [
  [/\.downsample\.0$/, '.shortcut.0'],
  [/^fc$/, 'linear'],
];

/**
 * The names of the weights of a PyTorch ResNet: torchvision's (layer2.0.downsample.0, fc), or those of the usual
 * implementations for CIFAR-10 (layer2.0.shortcut.0, linear), behind any prefix, such as DataParallel's "module.".
 *
 * @param layers names of the weighted layers, torchvision's
 */
export function resnetTensors(
  { shapes }: Pick<Safetensors, 'shapes'>,
  layers: readonly string[],
): string[] {
  const [first] = layers;
  const prefix =
    [...shapes.keys()]
      .filter((key) => `.${key}`.endsWith(`.${first}.weight`))
      .map((key) => key.slice(0, -`${first}.weight`.length))
      .sort((a, b) => a.length - b.length)[0] ?? '';
  return layers.map((layer) => {
    const names = [
      layer,
      ...otherNames.map(([pattern, other]) => layer.replace(pattern, other)),
    ].map((name) => `${prefix}${name}.weight`);
    return names.find((name) => shapes.has(name)) ?? names[0]!;
  });
}
