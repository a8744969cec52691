import { layerShapes, type Layer, type Snn } from '@privatesnn/core';

import { namedLayers } from './named-layers.js';

/**
 * The part of a network that a layer's spikes come from, for a simulation that wants these alone. Its read-out, which a
 * network must have, is one unit that nothing reaches.
 *
 * @param name of a layer that spikes
 */
export function upToLayer(snn: Snn, name: string): Snn {
  const { architecture, parameters } = snn;
  const layers = namedLayers(architecture);
  const wanted = new Set([name]);
  for (const layer of layers.toReversed()) {
    if (wanted.has(layer.name)) layer.from.forEach((source) => wanted.add(source));
  }
  const place = layers.findIndex((layer) => layer.name === name);
  const inputs = layerShapes(architecture)[place]!.reduce((product, side) => product * side, 1);
  const [flat, readout] = [`${name} flat`, `${name} read-out`];
  const end: Layer[] = [
    { kind: 'flatten', name: flat, from: [name] },
    { kind: 'dense', name: readout, from: [flat], inputs, outputs: 1, bias: false },
  ];
  return {
    ...snn,
    architecture: {
      ...architecture,
      classes: 1,
      layers: [...layers.filter((layer) => wanted.has(layer.name)), ...end],
    },
    parameters: {
      ...parameters,
      [`${readout}.weight`]: { shape: [inputs, 1], data: new Float32Array(inputs) },
    },
    classNames: ['none'],
  };
}
