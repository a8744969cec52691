import { basename } from 'node:path';

import { defineStage, input, output, writeWhole } from '@privatesnn/core';
import { z } from 'zod';

import { nirGraph } from './nir/graph.js';
import { nirBytes, nirMetadata } from './nir/hdf5.js';
import { loaderMark, loaderText } from './nir/loader.js';
import { targetNames, targets } from './nir/targets.js';
import { arePresent, checksum, refuseForeign } from './own-file.js';

const options = z.strictObject({
  path: z
    .string()
    .regex(/\.nir$/, 'The name must end in .nir')
    .default('model.nir')
    .describe('The file to write, relative to the experiment file; it must end in .nir.'),
  target: z
    .enum(targetNames)
    .default('generic')
    .describe(
      'The library that will read it; a loader in Python is written beside the file. `generic` follows the format alone.',
    ),
  overwrite: z
    .boolean()
    .default(false)
    .describe('Whether files that save-nir did not write may be replaced; its own always are.'),
});

/** Writes a spiking network for other simulators and hardware. */
export const saveNir = defineStage({
  kind: 'exporter',
  id: 'save-nir',
  version: 3,
  summary:
    'Writes a spiking network as NIR (HDF5) for another simulator, with a loader in Python beside it.',
  source: 'Pedersen 2024, Neuromorphic Intermediate Representation',
  options,
  inputs: { snn: input('snn', 'the spiking network') },
  outputs: {
    file: output('scalars', 'bytes and nodes of the file, checksums of the file and its loader'),
  },
  dependencies: {},
  create: (_, { path, target, overwrite }) => ({
    // The same path from another folder is another file.
    fingerprint: (context) => Promise.resolve(context.resolvePath(path)),
    effectPresent(context, { file: { values } }) {
      const file = context.resolvePath(path);
      const loader = [loaderFile(file), values['loaderChecksum']] as const;
      return arePresent([[file, values['checksum']], ...(target === 'generic' ? [] : [loader])]);
    },
    async run(context, { snn }) {
      context.signal.throwIfAborted();
      const file = context.resolvePath(path);
      if (!overwrite) {
        await refuseForeign('save-nir', [
          [file, isOwnGraph],
          ...(target === 'generic' ? [] : [[loaderFile(file), isOwnLoader] as const]),
        ]);
      }
      const graph = nirGraph(snn, target, targets[target].dt);
      const bytes = await nirBytes(graph);
      await writeWhole(file, [bytes]);
      context.info(`Wrote ${file} (${bytes.length.toLocaleString('en')} bytes).`);
      const values: Record<string, number> = {
        bytes: bytes.length,
        nodes: Object.keys(graph.nodes).length,
        checksum: checksum(bytes),
      };
      if (target !== 'generic') {
        const loader = Buffer.from(await loaderText(snn, target, basename(file)));
        await writeWhole(loaderFile(file), [loader]);
        context.info(`Wrote ${loaderFile(file)}, which loads it into ${target}.`);
        values['loaderChecksum'] = checksum(loader);
      }
      return { file: { type: 'scalars', values } };
    },
  }),
});

/** Not the name alone: `norse.py` would stand in the way of the library. */
const loaderFile = (file: string) => file.replace(/\.nir$/, '_network.py');

async function isOwnGraph(bytes: Uint8Array): Promise<boolean> {
  return (await nirMetadata(bytes))?.includes('privatesnn') ?? false;
}

const isOwnLoader = (bytes: Uint8Array) => new TextDecoder().decode(bytes).startsWith(loaderMark);
