import type { Ann } from '@privatesnn/core';

import type { Description } from '../description.js';
import { statisticsMember } from '../statistics.js';
import { ChainReader } from './chain-reader.js';
import { readTopology } from './topology.js';
import { layerWeight, readWeights, shardFiles } from './weights.js';

/** Files that a LayersModel consists of: model.json and its shards. */
export async function layersModelFiles(topology: string): Promise<string[]> {
  const { manifest } = await readTopology(topology);
  return [topology, ...shardFiles(topology, manifest)];
}

/**
 * Reads a tfjs LayersModel that is a chain of Conv2D, Dense, BatchNormalization (folded), Activation, ReLU,
 * Softmax, AveragePooling2D, MaxPooling2D, Flatten and Dropout.
 *
 * @throws UserError that names the layer, where one cannot be part of a network for conversion
 */
export async function readLayersModel(file: string, options: Description): Promise<Ann> {
  const { layers, manifest } = await readTopology(file);
  const weights = await readWeights(file, manifest);
  const reader = new ChainReader(file, (layer, name) => layerWeight(weights, layer, name, file));
  for (const layer of layers) reader.add(layer);
  const architecture = reader.finish();
  return {
    type: 'ann',
    architecture,
    parameters: reader.parameters,
    inputRange: options.inputRange ?? [-1, 1],
    classNames:
      options.classNames ?? Array.from({ length: architecture.classes }, (_, i) => String(i)),
    ...statisticsMember(reader.statistics),
  };
}
