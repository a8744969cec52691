import {
  parameterShapes,
  weightedLayers,
  type Architecture,
  type Parameter,
  type Parameters,
  type RandomStream,
} from '@privatesnn/core';

/**
 * Starting parameters after He 2015: normal weights with variance 2 / (inputs of one unit), biases 0. Each layer
 * draws from a stream of its own name, so that changing one layer leaves the others' numbers.
 */
export function initialise(architecture: Architecture, random: RandomStream): Parameters {
  const parameters: Record<string, Parameter> = {};
  for (const layer of weightedLayers(architecture)) {
    const shape = parameterShapes(layer)[`${layer.name}.weight`]!;
    const outputs = shape.at(-1)!;
    const size = shape.reduce((product, n) => product * n, 1);
    const deviation = Math.sqrt((2 * outputs) / size);
    const stream = random.fork(layer.name);
    const data = new Float32Array(size);
    for (let i = 0; i < size; i++) data[i] = deviation * stream.normal();
    parameters[`${layer.name}.weight`] = { shape, data };
    if (layer.bias) {
      parameters[`${layer.name}.bias`] = { shape: [outputs], data: new Float32Array(outputs) };
    }
  }
  return parameters;
}
