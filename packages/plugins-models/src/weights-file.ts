import { writeWhole, type Parameters, type Scalars, type StageContext } from '@privatesnn/core';

import { arePresent, checksum, refuseForeign } from './own-file.js';
import { parseSafetensors } from './safetensors/read.js';

/** A network as two files: weights as safetensors, and beside them a description in JSON. */
export interface WeightsFile {
  /** The exporter that writes it. */
  readonly stage: string;
  /** What the header of its weights has as "format". */
  readonly format: string;
  /** Whether a description is of the exporter's making. */
  readonly isOwnDescription: (description: unknown) => boolean;
}

/** The description beside a file of weights. */
export const descriptionBeside = (weights: string) => weights.replace(/\.safetensors$/, '.json');

/** Whether both files are there as they were written. */
export function arePresentBoth(file: string, { values }: Scalars): Promise<boolean> {
  return arePresent([
    [file, values['checksum']],
    [descriptionBeside(file), values['descriptionChecksum']],
  ]);
}

/**
 * Writes both files.
 *
 * @param content `description` is anything that JSON has; `parameters` are what is told of
 * @returns bytes, parameters and checksums
 * @throws UserError FILE_NOT_OWN where one is there that the exporter did not write, and `overwrite` is not set
 */
export async function writeBoth(
  context: StageContext,
  { stage, format, isOwnDescription }: WeightsFile,
  file: string,
  overwrite: boolean,
  content: {
    readonly weights: Uint8Array;
    readonly description: unknown;
    readonly parameters: Parameters;
  },
): Promise<Scalars> {
  if (!overwrite) {
    await refuseForeign(stage, [
      [file, (bytes) => hasFormat(bytes, file, format)],
      [descriptionBeside(file), (bytes) => isJsonOf(bytes, isOwnDescription)],
    ]);
  }
  const { weights, parameters } = content;
  const description = Buffer.from(`${JSON.stringify(content.description, null, 2)}\n`);
  await writeWhole(file, [weights]);
  await writeWhole(descriptionBeside(file), [description]);
  context.info(`Wrote ${file} (${weights.length.toLocaleString('en')} bytes).`);
  return {
    type: 'scalars',
    values: {
      bytes: weights.length,
      parameters: Object.values(parameters).reduce((n, { data }) => n + data.length, 0),
      checksum: checksum(weights),
      descriptionChecksum: checksum(description),
    },
  };
}

function hasFormat(bytes: Uint8Array, file: string, format: string): boolean {
  try {
    return parseSafetensors(bytes, file).metadata['format'] === format;
  } catch {
    return false;
  }
}

function isJsonOf(bytes: Uint8Array, isOwn: (value: unknown) => boolean): boolean {
  try {
    return isOwn(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return false;
  }
}
