/**
 * The arguments of the kernels: the fields of `struct …_args` in kernels/*.h, by their names there and in their order.
 * Every field takes 4 bytes. kernel-layouts.test.ts compares them with the headers.
 */

/**
 * What a field holds. References are integers. A result is 0 before the kernel runs, and given back after it.
 *
 * @typedef {'int' | 'float' | 'float in-out' | 'int result' | 'uint result' | 'float result'} FieldKind
 *
 * @typedef {{ readonly [field: string]: FieldKind | Layout }} Layout
 *
 * @typedef {typeof layouts} Layouts
 * @typedef {keyof Layouts} KernelName
 */

/**
 * What a caller gives, by field.
 *
 * @template L
 * @typedef {{ readonly [N in keyof L as L[N] extends `${string} result` ? never : N]: L[N] extends string ? number : Values<L[N]> }} Values
 */

/**
 * What a kernel leaves, by field.
 *
 * @template L
 * @typedef {{ readonly [N in keyof L as L[N] extends `${string} result` | `${string} in-out` ? N : never]: number }} Results
 */

/**
 * @template {FieldKind} K
 * @param {K} kind
 * @returns {<const N extends string>(...names: N[]) => { readonly [P in N]: K }}
 */
function fields(kind) {
  return (...names) => /** @type {any} */ (Object.fromEntries(names.map((name) => [name, kind])));
}

export const ints = fields('int');
const int = ints;
const float = fields('float');
const floatInOut = fields('float in-out');
const intResult = fields('int result');
const uintResult = fields('uint result');
const floatResult = fields('float result');

/** A convolution of spike lists (kernels/conv.h). */
const conv = {
  ...int('ptr', 'list', 'weights', 'base', 'basePerPixel', 'steps', 'timeSteps'),
  ...int('height', 'width', 'channels'),
  ...int('outHeight', 'outWidth', 'kernelHeight', 'kernelWidth', 'strideY', 'strideX'),
  ...int('top', 'left', 'blocks', 'grouped'),
};

/** An input of neurons that take several (kernels/conv.h). */
export const inputLayout = { conv, ...int('bursts', 'currents') };

/** Lists among those that are joined (kernels/lists.h). */
export const partLayout = int('ptr', 'list', 'first', 'channels');

/** Windows over pixels. */
const pool = {
  ...int('outHeight', 'outWidth', 'kernelHeight', 'kernelWidth', 'strideY', 'strideX'),
  ...int('top', 'left'),
};

/** What outputs send to inputs (kernels/transposed.h). */
const transposed = {
  ...int('ptr', 'list', 'weights', 'tile', 'rows', 'steps', 'height', 'width', 'channels'),
  ...int('outHeight', 'outWidth', 'outChannels', 'kernel', 'stride', 'padding', 'blocks', 'dense'),
};

const neuron = {
  ...int('reset'),
  ...float('leak', 'threshold', 'silent'),
  ...int('initial', 'isSigned'),
  ...float('low'),
  ...int('probeSteps'),
};

const adaptiveNeuron = {
  ...float('currentDecay', 'membraneDecay', 'refractoryDecay', 'thresholdDecay', 'growth', 'rest'),
};

const integerNeuron = {
  ...int('reset', 'leak', 'threshold', 'silent', 'initial', 'isSigned', 'low', 'probeSteps'),
};

const compressed = {
  ...int('values', 'ptr', 'list', 'rows', 'steps', 'width', 'channels', 'padded', 'start'),
  ...uintResult('end'),
};

const forward = { conv, ...int('bursts', 'bits'), neuron };
const forwardInt = { conv, ...int('bursts', 'bits'), neuron: integerNeuron };

export const layouts = Object.freeze({
  info: intResult('lanes', 'block'),
  pack: { ...int('from', 'to', 'taps', 'inputs', 'outputs', 'isSigned'), ...float('factor') },
  unpack: { ...int('from', 'to', 'taps', 'inputs', 'outputs', 'isSigned'), ...float('factor') },
  trains: {
    ...int('ptr', 'list', 'trainPtr', 'trains', 'times', 'scratch'),
    ...int('steps', 'height', 'width', 'channels'),
  },
  encode: {
    ...int('pixels', 'keep', 'scratch', 'ptr', 'list', 'kind', 'images', 'timeSteps'),
    ...int('height', 'width', 'channels', 'pool', 'flat', 'seed', 'image'),
    ...intResult('spikes'),
  },
  count: { ...int('bits', 'words'), ...uintResult('spikes') },
  compress: {
    ...int('bits', 'mask', 'ptr', 'list', 'steps', 'height', 'width', 'channels', 'words'),
    ...int('pool', 'flat', 'isSigned'),
  },
  maxPool: {
    ...int('bits', 'mask', 'result', 'winners', 'steps', 'height', 'width', 'words'),
    ...pool,
  },
  dropout: {
    ...int('mask', 'height', 'width', 'channels', 'words', 'pool'),
    ...int('seed', 'image', 'layer', 'dropped'),
  },
  bursts: { conv, ...int('bursts') },
  forward,
  largest: {
    conv,
    ...int('histogram', 'bounds', 'bin'),
    ...float('unit'),
    ...floatInOut('largest'),
  },
  forwardSum: { first: forward, ...int('others', 'count') },
  largestSum: { conv, ...int('others', 'count', 'histogram', 'bin'), ...floatInOut('largest') },
  integrate: { conv, ...int('bursts', 'recordAt', 'potentials', 'records') },
  gather: { from: transposed, ...int('values', 'result', 'outStep') },
  valuedCurrent: { conv, ...int('result') },
  weightGradients: { conv, ...int('gradients', 'weights', 'isValued') },
  backward: {
    conv,
    ...int('bursts'),
    above: transposed,
    tiles: int('values', 'zeros', 'patches', 'results', 'padded'),
    ...int('constant', 'pool', 'mask', 'maskSteps', 'firstRow', 'endRow', 'scratch'),
    ...int('potentials', 'weights', 'trainPtr', 'trains', 'times', 'bias', 'sources', 'sum'),
    ...int('surrogate', 'detach'),
    neuron,
    ...float('height', 'inverse', 'decay', 'first'),
    ...floatResult('threshold'),
  },
  moveSums: int('totals', 'sums', 'count'),
  compressValues: compressed,
  compressGroups: compressed,
  packInt: int('from', 'to', 'taps', 'inputs', 'outputs', 'isSigned'),
  forwardInt,
  forwardIntSum: { first: forwardInt, ...int('others', 'count') },
  integrateInt: { conv, ...int('bursts', 'recordAt', 'potentials', 'records') },
  valuedCurrentInt: {
    ...int('pixels', 'weights', 'base', 'result', 'height', 'width', 'channels', 'outHeight'),
    ...int(
      'outWidth',
      'outChannels',
      'padded',
      'kernelHeight',
      'kernelWidth',
      'strideY',
      'strideX',
    ),
    ...int('top', 'left'),
  },
  bound: { ...int('from', 'to', 'length'), ...floatResult('unit') },
  squeeze: { ...int('from', 'to', 'bytes'), ...intResult('length') },
  expand: int('from', 'to', 'bytes'),
  forwardKept: { conv, ...int('bursts', 'bits', 'potentials'), neuron },
  forwardAdaptive: { conv, ...int('bursts', 'others', 'count', 'bits'), neuron: adaptiveNeuron },
  integrateFiltered: {
    conv,
    ...int('bursts', 'recordAt', 'currents', 'records'),
    ...float('currentDecay'),
  },
  joinLists: {
    ...int('parts', 'count', 'ptr', 'list', 'height', 'steps', 'width', 'channels', 'flat'),
    ...int('isSigned'),
  },
  poolLists: {
    ...int('ptr', 'list', 'pooledPtr', 'pooledList', 'height', 'steps', 'width', 'channels'),
    ...pool,
    ...int('divisor'),
  },
  splitLists: {
    ...int('ptr', 'list', 'blockPtr', 'blockList', 'scratch', 'height', 'steps', 'width'),
    ...int('channels', 'blocks', 'groupInputs', 'groupOutputs', 'rows', 'signs'),
  },
  currents: { conv, ...int('bursts', 'others', 'count', 'result') },
  numbersCurrent: {
    conv,
    ...int('numbers', 'stride', 'inputs', 'groupInputs', 'groupOutputs', 'result'),
  },
  scatter: {
    ...int('ptr', 'list', 'numbers', 'height', 'steps', 'width', 'channels', 'stride', 'first'),
    ...int('isSigned'),
  },
});
