import { UserError, type Ann } from '@privatesnn/core';

import {
  describeWeights,
  resolveClassNames,
  resolveInputRange,
  type Description,
} from '../description.js';
import type { ReadAnn } from '../read-model.js';
import { statisticsMember } from '../statistics.js';
import { ChainReader } from './chain-reader.js';
import { readTopology } from './topology.js';
import { readWeights, shardFiles } from './weights.js';

/** Files that a LayersModel consists of: model.json and its shards. */
export async function layersModelFiles(topology: string): Promise<string[]> {
  const { manifest } = await readTopology(topology);
  return [topology, ...shardFiles(topology, manifest)];
}

/** Options that a topology leaves nothing to. */
const idle = [...describeWeights, 'inputShape'] as const;

/**
 * Reads a tfjs LayersModel that is a chain of Conv2D, Dense, BatchNormalization (folded), Activation, ReLU,
 * Softmax, AveragePooling2D, MaxPooling2D, Flatten and Dropout.
 *
 * @throws UserError that names the layer, where one cannot be part of a network for conversion
 */
export async function readLayersModel(file: string, options: Description): Promise<ReadAnn> {
  const given = idle.filter((key) => options[key] != null);
  if (given.length > 0) {
    throw new UserError(
      'configuration',
      'MODEL_OPTIONS',
      `${file} is a LayersModel, which describes itself, so that ${given.map((key) => `"${key}"`).join(', ')} can change nothing.`,
      { hint: 'Leave these options out.', place: { file } },
    );
  }
  const { layers, manifest } = await readTopology(file);
  const weights = await readWeights(file, manifest);
  const reader = new ChainReader(file, (layer, name) => weights.take(layer, name));
  for (const layer of layers) reader.add(layer);
  const architecture = reader.finish();
  const left = weights.left();
  if (left.length > 0) {
    throw new UserError(
      'data',
      'TENSOR_UNUSED',
      `${file} holds weights that no layer takes, so that the network would compute something else: ${left.join(', ')}.`,
      {
        hint: 'The topology and the weights do not belong together: save the model again.',
        place: { file },
      },
    );
  }
  const { inputRange, remarks } = resolveInputRange(options, file);
  const ann: Ann = {
    type: 'ann',
    architecture,
    parameters: reader.parameters,
    inputRange,
    classNames: resolveClassNames(options.classNames, architecture.classes, file),
    ...statisticsMember(reader.statistics),
  };
  return { ann, remarks };
}
