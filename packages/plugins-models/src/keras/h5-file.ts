import { parseJson } from '../strict-json.js';
import { notKerasHdf5 } from '../wrong-model-file.js';
import type { KerasFile } from './file.js';
import { modelOf, type KerasModel } from './model.js';
import { openHdf5, type OpenHdf5 } from './open-hdf5.js';
import { keysOf, type StoredWeights } from './weights.js';

const group = 'model_weights';

/**
 * Reads an .h5 file that Keras 2 or 3 wrote with `model.save`: its description is an attribute, its weights lie in a
 * group for each layer.
 */
export async function readKerasHdf5(bytes: Uint8Array, file: string): Promise<KerasFile> {
  const wrong = (problem: string, cause?: unknown) =>
    notKerasHdf5({ file, head: bytes, problem, cause });
  const open = await openHdf5(bytes, file, wrong);
  try {
    return { model: modelIn(open, file, wrong), weights: weightsIn(open), close: open.close };
  } catch (error) {
    open.close();
    throw error;
  }
}

function modelIn(open: OpenHdf5, file: string, wrong: (problem: string) => Error): KerasModel {
  const text = open.text('model_config');
  if (text === undefined) {
    throw wrong('it has no "model_config": it may hold weights alone, of "save_weights"');
  }
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw wrong(`its "model_config" is not sound JSON (${(cause as Error).message})`);
  }
  return modelOf(json, file, wrong);
}

function weightsIn(open: OpenHdf5): StoredWeights {
  const keys = open.datasets(group);
  return {
    keys,
    // In the group of the outermost layer: "conv2d/conv2d/kernel:0", "features/conv1/kernel:0".
    find({ path }, { names }) {
      const inGroup = keys.filter((key) => key.startsWith(`${path[0]!}/`));
      return names.flatMap((variable) => {
        const called = inGroup.filter((key) => lastName(key) === variable);
        // A layer of the model itself is told by its group, whatever its variables were called before.
        if (path.length === 1) return called;
        const ends = keysOf(called.map(bare), path, variable);
        return called.filter((key) => ends.includes(bare(key)));
      });
    },
    shapeOf: (key) => open.shapeOf(`${group}/${key}`),
    read: (key) => open.read(`${group}/${key}`),
    isOfTraining: (key) => key.includes('seed_generator'),
  };
}

/** A weight's name without TensorFlow's number of the output. */
const bare = (key: string) => key.replace(/:0$/, '');
const lastName = (key: string) => bare(key).slice(key.lastIndexOf('/') + 1);
