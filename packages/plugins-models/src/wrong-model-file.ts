import { wrongFile, type FileKindId, type UserError } from '@privatesnn/core';

const exportIt =
  'Export the network with Python: torch.onnx.export(model.eval(), torch.zeros(1, 3, 32, 32), "net.onnx"), with the shape of its images; ' +
  'a VGG that the option "architecture" can name may also be saved with safetensors.torch.save_file(model.state_dict(), "net.safetensors").';
/** What to do with networks in formats that are not read. */
const ways: Readonly<Partial<Record<FileKindId, string>>> = {
  'pytorch-zip': exportIt,
  pickle: `A pickle may run any program when it is opened, so it is not. ${exportIt}`,
  hdf5: 'A network of Keras in HDF5 is told by its name: it must end in .h5.',
  'keras-zip': 'A network of Keras is told by its name: it must end in .keras.',
  tflite: 'TensorFlow Lite is not read. Export the network that it was made from to ONNX.',
  gguf: 'GGUF holds language models. Give an image classifier.',
  numpy: 'Save all weights in one file: safetensors.numpy.save_file(weights, "net.safetensors").',
  'numpy-zip':
    'Save the arrays as safetensors: safetensors.numpy.save_file(dict(numpy.load("net.npz")), "net.safetensors").',
};
const give =
  'Give a .onnx, .keras, .h5 or .safetensors file, or the folder or model.json of a tfjs LayersModel.';

interface Wrong {
  readonly file: string;
  readonly head: Uint8Array;
  readonly problem: string;
  readonly hint: string;
  readonly cause?: unknown;
}

/** The error for weights that are no sound safetensors file. */
export function notSafetensors(wrong: Wrong): UserError {
  return corrupt(wrong, 'a safetensors file', 'safetensors', {
    json: 'A LayersModel is told by its name: it must end in .json.',
    onnx: 'An ONNX network is told by its name: it must not end in .safetensors.',
  });
}

/** The error for a file that is no ONNX network. */
export function notOnnx(wrong: Wrong): UserError {
  return corrupt(wrong, 'an ONNX network', 'onnx', {
    json: 'A LayersModel is told by its name: it must end in .json.',
    safetensors: 'Weights in safetensors are told by their name: it must not end in .onnx.',
  });
}

/** The error for a model.json that is no LayersModel. */
export function notLayersModel(wrong: Wrong): UserError {
  return corrupt(wrong, 'a tfjs LayersModel', 'json', {
    safetensors: 'Weights in safetensors are told by their name: it must not end in .json.',
    onnx: 'An ONNX network is told by its name: it must not end in .json.',
  });
}

const saveKeras =
  'The file is truncated or damaged: fetch it again, or save the whole network again with Keras 3: model.save("net.keras").';

const elsewhere = {
  onnx: 'An ONNX network is told by its name: it must end in .onnx.',
  safetensors: 'Weights in safetensors are told by their name: it must end in .safetensors.',
  json: 'A LayersModel is told by its name: it must end in .json.',
} as const;

/** The error for a .keras file that holds no network that can be read. */
export function notKeras(wrong: Omit<Wrong, 'hint'>): UserError {
  return corrupt({ hint: saveKeras, ...wrong }, 'a Keras network (.keras)', 'keras-zip', elsewhere);
}

/** The error for an .h5 file that holds no network that can be read. */
export function notKerasHdf5(wrong: Omit<Wrong, 'hint'>): UserError {
  return corrupt({ hint: saveKeras, ...wrong }, 'a Keras network (.h5)', 'hdf5', elsewhere);
}

function corrupt(
  wrong: Wrong,
  expected: string,
  kind: FileKindId,
  more: Readonly<Partial<Record<FileKindId, string>>>,
): UserError {
  const code = 'MODEL_FILE_CORRUPT';
  return wrongFile({ code, ...wrong, expected, kinds: [kind], give, ways: { ...ways, ...more } });
}

/** The error for a description beside the weights that is no text. */
export function wrongDescription(file: string, head: Uint8Array, cause: unknown): UserError {
  return wrongFile({
    code: 'MODEL_DESCRIPTION',
    file,
    head,
    expected: 'a description of a network',
    kinds: ['json', 'text'],
    problem: 'it is not UTF-8 text',
    hint: 'Write it again, as YAML or JSON in UTF-8; or take it away, and describe the network in the options.',
    cause,
  });
}
