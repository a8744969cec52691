import { basename } from 'node:path';

import { describeWeights, expectDescribesItself, type Description } from '../description.js';
import { expectMemory, readModelFile } from '../model-file.js';
import { networkOf, type Network, type Probe } from '../steps/network.js';
import { buildSteps } from './build.js';
import { graphOf } from './graph.js';
import { parseModel } from './model-file.js';
import { externalFiles } from './tensor.js';

/** Files that an ONNX network consists of: itself, and those that hold its weights. */
export async function onnxFiles(file: string): Promise<string[]> {
  const { graph } = parseModel(await readModelFile(file), file);
  return [file, ...externalFiles(graph.initialisers, file)];
}

/** What comparing a network with its file needs. */
export interface OnnxProbe extends Probe {
  readonly inputName: string;
  readonly outputName: string;
  /** Images in a batch, where the file fixes it. */
  readonly batchSize: number | undefined;
  /** Whether the input takes 32-bit floats. */
  readonly floats: boolean;
}

/**
 * Reads an ONNX classifier of images.
 *
 * @throws UserError that names the node, where one cannot be part of a network for conversion
 */
export async function readOnnx(
  file: string,
  options: Description,
): Promise<Network & { readonly probe: OnnxProbe }> {
  expectDescribesItself(options, describeWeights, 'an ONNX network', file);
  expectMemory(file);
  const graph = graphOf(parseModel(await readModelFile(file), file), file);
  const steps = buildSteps(graph, options.inputShape);
  const name = basename(file).replace(/\.onnx$/i, '');
  const network = networkOf(steps, options, { name, file });
  const probe: OnnxProbe = {
    ...network.probe,
    inputName: graph.input.name,
    outputName: graph.output,
    batchSize: steps.batchSize,
    floats: graph.input.type === 1,
  };
  return { ...network, probe };
}
