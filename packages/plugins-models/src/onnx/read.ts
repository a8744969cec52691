import { statSync } from 'node:fs';
import { basename } from 'node:path';

import { UserError, type Ann } from '@privatesnn/core';

import {
  describeWeights,
  resolveClassNames,
  resolveInputRange,
  type Description,
} from '../description.js';
import { readModelFile, type ReadAnn } from '../read-model.js';
import { statisticsMember } from '../statistics.js';
import { buildSteps } from './build.js';
import { emitLayers } from './emit.js';
import { expectClasses } from './logits.js';
import { graphOf } from './graph.js';
import { joinSteps } from './join.js';
import { parseModel } from './model-file.js';
import type { Feature } from './step.js';
import { externalFiles } from './tensor.js';

/** Files that an ONNX network consists of: itself, and those that hold its weights. */
export async function onnxFiles(file: string): Promise<string[]> {
  const { graph } = parseModel(await readModelFile(file), file);
  return [file, ...externalFiles(graph.initialisers, file)];
}

/** What comparing a network with its file needs. */
export interface OnnxProbe {
  readonly file: string;
  readonly inputName: string;
  readonly outputName: string;
  /** The image, as the file's input sees it. */
  readonly input: Feature;
  /** Images in a batch, where the file fixes it. */
  readonly batchSize: number | undefined;
  /** Whether the input takes 32-bit floats. */
  readonly floats: boolean;
  /** What the file makes of the logits, and the network does not. */
  readonly end: 'Softmax' | 'LogSoftmax' | undefined;
}

/**
 * Reads an ONNX classifier of images.
 *
 * @throws UserError that names the node, where one cannot be part of a network for conversion
 */
export async function readOnnx(
  file: string,
  options: Description,
): Promise<ReadAnn & { readonly probe: OnnxProbe }> {
  const given = describeWeights.filter((key) => options[key] != null);
  if (given.length > 0) {
    throw new UserError(
      'configuration',
      'MODEL_OPTIONS',
      `${file} is an ONNX network, which describes itself, so that ${given.map((key) => `"${key}"`).join(', ')} can change nothing.`,
      { hint: 'Leave these options out.', place: { file } },
    );
  }
  expectMemory(file);
  const graph = graphOf(parseModel(await readModelFile(file), file), file);
  const { output, input, remarks, batchSize } = buildSteps(graph, options.inputShape);
  expectClasses(output.step.shape, file);
  const network = emitLayers(
    { ...output, step: joinSteps(output.step) },
    input.step,
    basename(file).replace(/\.onnx$/i, ''),
    file,
  );
  const { architecture, parameters, statistics } = network;
  const range = resolveInputRange(options, file);
  const ann: Ann = {
    type: 'ann',
    architecture,
    parameters,
    inputRange: range.inputRange,
    classNames: resolveClassNames(options.classNames, architecture.classes, file),
    ...statisticsMember(statistics),
  };
  const probe: OnnxProbe = {
    file,
    inputName: graph.input.name,
    outputName: graph.output,
    input,
    batchSize,
    floats: graph.input.type === 1,
    end: network.end,
  };
  return { ann, remarks: [...remarks, ...network.remarks, ...range.remarks], probe };
}

/** Times its size that a file takes in memory: itself, its weights as they are read, and in their new order. */
const copies = 3;

function expectMemory(file: string): void {
  const needed = copies * (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
  const free = process.availableMemory();
  if (needed <= free) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
  throw new UserError(
    'environment',
    'MEMORY_LOW',
    `${file} takes ${megabytes(needed)} of memory while it is read, of which ${megabytes(free)} are free.`,
    { hint: 'Run where there is more memory.', place: { file } },
  );
}
