import { defineStage, input, output, writeWhole } from '@privatesnn/core';
import { reconvertToAnn } from '@privatesnn/spiking';
import { z } from 'zod';

import { onnxNetwork, ownProducer } from './onnx/from-ann.js';
import { readMessage } from './onnx/wire.js';
import { writeOnnx } from './onnx/write-file.js';
import { arePresent, checksum, refuseForeign } from './own-file.js';

const options = z.strictObject({
  path: z
    .string()
    .regex(/\.onnx$/, 'The name must end in .onnx')
    .default('model.onnx')
    .describe('The file to write, relative to the experiment file; it must end in .onnx.'),
  overwrite: z
    .boolean()
    .default(false)
    .describe('Whether a file that save-onnx did not write may be replaced; its own always are.'),
});

/** Writes an ANN for other frameworks; of a spiking network the ANN that an attacker makes of it. */
export const saveOnnx = defineStage({
  kind: 'exporter',
  id: 'save-onnx',
  version: 1,
  summary: 'Writes an ANN, or what a spiking network is re-converted to, as an ONNX file.',
  source: 'ONNX, operators of version 17',
  options,
  inputs: {
    network: input(['ann', 'snn'], 'the network; a spiking one is re-converted, as attack 1 does'),
  },
  outputs: { file: output('scalars', 'bytes, parameters and checksum of the file') },
  dependencies: {},
  create: (_, { path, overwrite }) => ({
    // The same path from another folder is another file.
    fingerprint: (context) => Promise.resolve(context.resolvePath(path)),
    effectPresent: (context, { file: { values } }) =>
      arePresent([[context.resolvePath(path), values['checksum']]]),
    async run(context, { network }) {
      context.signal.throwIfAborted();
      const file = context.resolvePath(path);
      if (!overwrite) await refuseForeign('save-onnx', [[file, isOwn]]);
      const ann = network.type === 'snn' ? reconvertToAnn(network) : network;
      const bytes = writeOnnx(onnxNetwork(ann));
      await writeWhole(file, [bytes]);
      context.info(`Wrote ${file} (${bytes.length.toLocaleString('en')} bytes).`);
      return {
        file: {
          type: 'scalars',
          values: {
            bytes: bytes.length,
            parameters: Object.values(ann.parameters).reduce((n, { data }) => n + data.length, 0),
            checksum: checksum(bytes),
          },
        },
      };
    },
  }),
});

function isOwn(bytes: Uint8Array): boolean {
  let producer: string | undefined;
  try {
    readMessage(bytes, { 2: (value) => (producer = value.text()) });
  } catch {
    return false;
  }
  return producer === ownProducer;
}
