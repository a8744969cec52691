import { add, divide, multiply, subtract } from './operators/arithmetic.js';
import { batchNormalization } from './operators/batch-norm.js';
import { clip, leakyRelu, relu } from './operators/clip.js';
import { concat } from './operators/concat.js';
import { constant } from './operators/constant.js';
import { conv } from './operators/conv.js';
import { gemm, matMul } from './operators/dense.js';
import {
  cast,
  dropout,
  flatten,
  identity,
  reshape,
  shapeOf,
  squeeze,
  transpose,
  unsqueeze,
} from './operators/layout.js';
import { pad } from './operators/pad.js';
import { averagePool, globalPool, maxPool, reduceMean } from './operators/pool.js';
import { constantOfShape, gather } from './operators/sizes.js';
import { slice } from './operators/slice.js';
import { softmax } from './operators/softmax.js';
import { refuse } from '../steps/refusal.js';
import { type Operation, type Operator } from './operation.js';

/** The operators that are read. */
const operators: Readonly<Record<string, Operator>> = {
  Add: add,
  AveragePool: averagePool,
  BatchNormalization: batchNormalization,
  Cast: cast,
  Clip: clip,
  Concat: concat,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Conv: conv,
  Div: divide,
  Dropout: dropout,
  Flatten: flatten,
  Gather: gather,
  Gemm: gemm,
  GlobalAveragePool: globalPool('average-pool'),
  GlobalMaxPool: globalPool('max-pool'),
  Identity: identity,
  LeakyRelu: leakyRelu,
  LogSoftmax: softmax,
  MatMul: matMul,
  MaxPool: maxPool,
  Mul: multiply,
  Pad: pad,
  ReduceMean: reduceMean,
  Relu: relu,
  Reshape: reshape,
  Shape: shapeOf,
  Slice: slice,
  Softmax: softmax,
  Squeeze: squeeze,
  Sub: subtract,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};

const smooth =
  'a spiking neuron that fires in proportion to its input is a ReLU, and this is another function';
const withRelu = 'Train the network, or go on training it, with ReLU or ReLU6 in its place.';
const quantised = 'it belongs to a quantised network, whose rounding no layer here has';
const withoutQuantisation = 'Export the network before it is quantised.';

/** Why an operator is not read, and the way out, where more can be said than that it is not known. */
const reasons: readonly (readonly [RegExp, string, string])[] = [
  [
    /^(Sigmoid|Tanh|HardSigmoid|HardSwish|Elu|Selu|Celu|PRelu|ThresholdedRelu|Softplus|Softsign|Gelu|Mish|Swish|Erf)$/,
    smooth,
    withRelu,
  ],
  [/Quantize|QLinear|Integer$|^QGemm|^QAttention/, quantised, withoutQuantisation],
  [
    /^(LSTM|GRU|RNN|Loop|Scan|If)$/,
    'the order of its work depends on the data',
    'Take a feed-forward network.',
  ],
  [
    /^(InstanceNormalization|GroupNormalization|LayerNormalization|LpNormalization|LRN|MeanVarianceNormalization)$/,
    'it normalises each image by its own numbers, which no fixed weights can do',
    'Train the network with batch normalisation, which is folded into the weights.',
  ],
  [
    /^ConvTranspose$|^Resize$|^Upsample$/,
    'it makes images larger',
    'Take a classifier, without a decoder.',
  ],
  [/^(ArgMax|TopK)$/, 'it picks classes', 'End the network with its logits.'],
];

/** What reads a node's operator. @throws UserError where nothing does, with the reason and the way out */
export function operatorOf(operation: Operation, functions: ReadonlySet<string>): Operator {
  const { op, domain } = operation.node;
  const found = domain === '' && Object.hasOwn(operators, op) ? operators[op] : undefined;
  if (found) return found;
  const reason = reasons.find(([names]) => names.test(op));
  if (reason) throw refuse(operation, reason[1], reason[2]);
  if (functions.has(op)) {
    throw refuse(
      operation,
      'it calls a function that the file defines itself',
      'Inline it: onnx.inliner.inline_local_functions(model).',
    );
  }
  throw refuse(
    operation,
    domain === ''
      ? 'this operator is not read'
      : `its operator is one of the set "${domain}", not of ONNX itself`,
    `These are read: ${Object.keys(operators).join(', ')}. Build the network of them.`,
  );
}
