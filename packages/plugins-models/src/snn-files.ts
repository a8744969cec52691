import { artefactSchemas, UserError, type Parameters, type Snn } from '@privatesnn/core';
import { z } from 'zod';

import { findDescription, readDescription } from './description-file.js';
import { readModelFile } from './model-file.js';
import { parseSafetensors } from './safetensors/read.js';
import { writeSafetensors } from './safetensors/write.js';
import { descriptionBeside } from './weights-file.js';

/** Marks the weights of spiking networks in their header. */
export const snnFormat = 'privatesnn-snn';

/**
 * A spiking network as two files: the parameters as they are, and as JSON everything else that the contract of a
 * spiking network has, under its own names.
 */
export function snnFiles({ parameters, ...rest }: Snn): {
  readonly weights: Uint8Array;
  readonly description: Omit<Snn, 'parameters'>;
} {
  return {
    weights: writeSafetensors(parameters, 'F32', { format: snnFormat }),
    description: rest,
  };
}

/** Both files of a spiking network; the second is null where there is none. */
export async function findSnn(
  weights: string,
): Promise<{ readonly weights: string; readonly description: string | null }> {
  return { weights, description: await findDescription(weights) };
}

/**
 * Reads what `snnFiles` gives, bit by bit the same network.
 *
 * @throws UserError where a file is missing or damaged, or the two do not fit each other
 */
export async function readSnn({
  weights,
  description,
}: Awaited<ReturnType<typeof findSnn>>): Promise<Snn> {
  const file = parseSafetensors(await readModelFile(weights), weights);
  if (description === null) {
    throw new UserError(
      'data',
      'MODEL_DESCRIPTION',
      `${weights} holds the weights of a spiking network; thresholds and all else should stand in ${descriptionBeside(weights)}, which is not there.`,
      { hint: 'Copy both files that save-snn wrote.', place: { file: weights } },
    );
  }
  const parameters = Object.fromEntries(
    [...file.shapes.keys()].map((key) => [key, file.read(key)]),
  );
  return readDescription(description, snnWith(parameters), {
    what: `a spiking network with the weights of ${weights}`,
    hint: 'save-snn writes both files, which belong together. A network without spikes is loaded by "pretrained".',
  });
}

/** The contract of a spiking network whose parameters stand elsewhere. */
const snnWith = (parameters: Parameters) =>
  z.preprocess(
    (rest) => (typeof rest === 'object' && rest !== null ? { parameters, ...rest } : rest),
    artefactSchemas.snn,
  );
