import { basename } from 'node:path';

import { UserError } from '@privatesnn/core';

import { describeWeights, expectDescribesItself, type Description } from '../description.js';
import { expectMemory, readModelFile } from '../model-file.js';
import { networkOf, type Network, type Probe } from '../steps/network.js';
import { buildSteps } from './build.js';
import type { KerasFile } from './file.js';
import { readKerasHdf5 } from './h5-file.js';
import { readKerasZip } from './keras-file.js';
import { layersModelFiles, readLayersModel } from './layers-model.js';
import { weightsOf } from './weights.js';

/** How a network of Keras is packed: .keras, .h5, or the model.json and shards of TensorFlow.js. */
export type Container = 'keras' | 'h5' | 'layers-model';

/** What comparing a network with its file needs. */
export interface KerasProbe extends Probe {
  readonly container: Container;
  /** Images in a batch, where the file fixes it. */
  readonly batchSize: number | undefined;
}

const names: Readonly<Record<Container, string>> = {
  keras: 'a Keras network',
  h5: 'a Keras network',
  'layers-model': 'a LayersModel',
};

/** Files that a network of Keras consists of. */
export async function kerasFiles(file: string, container: Container): Promise<string[]> {
  return container === 'layers-model' ? layersModelFiles(file) : [file];
}

/**
 * Reads an image classifier of Keras or TensorFlow.js.
 *
 * @throws UserError that names the layer, where one cannot be part of a network for conversion
 */
export async function readKeras(
  file: string,
  container: Container,
  options: Description,
): Promise<Network & { readonly probe: KerasProbe }> {
  expectDescribesItself(options, describeWeights, names[container], file);
  expectMemory(file);
  const { model, weights: stored, close } = await open(file, container);
  try {
    const weights = weightsOf(stored, file);
    const steps = buildSteps(model, weights, options.inputShape, file);
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
    const name = model.name || basename(file).replace(/\.(keras|h5|hdf5|json)$/i, '');
    const network = networkOf(steps, options, { name, file });
    return { ...network, probe: { ...network.probe, container, batchSize: steps.batchSize } };
  } finally {
    close();
  }
}

async function open(file: string, container: Container): Promise<KerasFile> {
  switch (container) {
    case 'layers-model':
      return readLayersModel(file);
    case 'h5':
      return readKerasHdf5(await readModelFile(file), file);
    case 'keras':
      return readKerasZip(await readModelFile(file), file);
  }
}
