import { layerShapes, type Architecture } from '@privatesnn/core';

/**
 * What is wrong with an architecture that a file lists layer by layer; undefined where its parts fit.
 *
 * A network is convolutions and poolings, a flatten, then dense layers, of which the last gives the logits. Names are
 * unique, as they name the weights.
 */
export function architectureFault(architecture: Architecture): string | undefined {
  const { layers, classes } = architecture;
  const names = layers.flatMap(({ name }) => (name === undefined ? [] : [name]));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) return `two layers are called "${twice}"`;
  let flat = false;
  for (const [i, layer] of layers.entries()) {
    const which = `layer ${i + 1} (${'name' in layer ? `"${layer.name}"` : layer.kind})`;
    if (layer.kind === 'flatten') flat = true;
    if (layer.kind === 'dense' && !flat) return `${which} is dense, but no flatten comes before it`;
    if (flat && (layer.kind === 'conv' || layer.kind.endsWith('-pool'))) {
      return `${which} needs images, but a flatten comes before it`;
    }
  }
  const last = layers.at(-1);
  if (last?.kind !== 'dense') {
    return `the last layer must be a dense one, which gives the logits, but is ${last?.kind ?? 'not there'}`;
  }
  if (last.outputs !== classes) {
    return `the last layer "${last.name}" gives ${last.outputs} logits, but there are ${classes} classes`;
  }
  try {
    layerShapes(architecture);
    return undefined;
  } catch (error) {
    return (error as Error).message.replace(/\.$/, '');
  }
}
