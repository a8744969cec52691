import { parseJson } from '../strict-json.js';
import { contradiction } from '../steps/refusal.js';
import { notKeras } from '../wrong-model-file.js';
import type { KerasFile } from './file.js';
import { modelOf } from './model.js';
import { openHdf5, type OpenHdf5 } from './open-hdf5.js';
import { unzip } from './unzip.js';
import type { StoredWeights } from './weights.js';

const description = 'config.json';
const variables = 'model.weights.h5';

/**
 * Reads a .keras file of Keras 3: a zip of a description and an HDF5 file, in which variables lie by the classes of
 * their layers. Nothing of it is ever run.
 */
export async function readKerasZip(bytes: Uint8Array, file: string): Promise<KerasFile> {
  const wrong = (problem: string, cause?: unknown) =>
    notKeras({ file, head: bytes, problem, cause });
  const parts = await unzip(bytes, [description, variables], wrong);
  let json: unknown;
  try {
    json = parseJson(new TextDecoder('utf-8', { fatal: true }).decode(parts[description]));
  } catch (cause) {
    throw wrong(`its ${description} is not sound JSON (${(cause as Error).message})`);
  }
  const model = modelOf(json, file, wrong);
  const open = await openHdf5(parts[variables]!, file, (problem, cause) =>
    wrong(`its ${variables}: ${problem}`, cause),
  );
  try {
    return { model, weights: weightsIn(open, file), close: open.close };
  } catch (error) {
    open.close();
    throw error;
  }
}

function weightsIn(open: OpenHdf5, file: string): StoredWeights {
  const keys = open.datasets('');
  const all = new Set(keys);
  // Keras 2.12 to 2.15 wrote another name for the same.
  const old = keys.some((key) => key.startsWith(`${oldLayers}/`));
  return {
    keys,
    find({ stored, name }, { index }) {
      const folder = old ? stored.replace(/(^|\/)layers\//g, `$1${oldLayers}/`) : stored;
      const told = open.text('name', `${folder}/vars`);
      if (told !== undefined && told !== name) {
        throw contradiction(
          file,
          `the variables in "${folder}" are of "${told}", not of "${name}"`,
        );
      }
      const key = `${folder}/vars/${index}`;
      return all.has(key) ? [key] : [];
    },
    shapeOf: open.shapeOf,
    read: open.read,
    isOfTraining: (key) => key.startsWith('optimizer/') || key.includes('seed_generator'),
  };
}

const oldLayers = '_layer_checkpoint_dependencies';
