/**
 * The arguments of the dense kernels, as in fast/kernel-layouts.js: the fields of `struct …_args` in kernels/dense.h
 * and winograd.h after the units, and the kernels' numbers in kernels/dense.c. layouts.test.ts compares them.
 */
import { ints } from '../fast/kernel-layouts.js';

const place = ints('imageStep', 'yStep', 'xStep');

export const denseLayouts = {
  pack: ints(
    'from',
    'to',
    'taps',
    'depth',
    'columns',
    'origin',
    'tapStep',
    'rowStep',
    'columnStep',
  ),
  product: {
    ...ints('from', 'packed', 'to', 'bias', 'mask', 'rows', 'columns', 'height', 'width'),
    fromPlace: place,
    toPlace: place,
    maskPlace: place,
    ...ints('segments', 'segmentStep', 'length', 'relu', 'chunk'),
  },
  winogradPack: ints(
    ...['from', 'to', 'outputs', 'depth', 'columns'],
    ...['origin', 'tapStep', 'rowStep', 'columnStep'],
  ),
  winograd: {
    ...ints('from', 'packed', 'to', 'bias', 'mask', 'scratch'),
    ...ints('images', 'height', 'width', 'depth', 'columns'),
    fromPlace: place,
    toPlace: place,
    maskPlace: place,
    ...ints('relu', 'outputs', 'tiles', 'blocks'),
  },
  outer: {
    ...ints('from', 'packed', 'to', 'segment', 'segments', 'width', 'xStep'),
    ...ints('kernelRows', 'kernelStep', 'length', 'columns', 'chunk', 'group'),
  },
  pool: {
    ...ints('from', 'to', 'height', 'width', 'channels', 'size', 'largest'),
    fromPlace: place,
    toPlace: place,
  },
  poolGradient: {
    ...ints('dy', 'x', 'dx', 'height', 'width', 'channels', 'size', 'largest', 'relu'),
    dyPlace: place,
    xPlace: place,
    dxPlace: place,
  },
};

export const denseOperations = {
  pack: 65,
  product: 66,
  outer: 67,
  pool: 68,
  poolGradient: 69,
  winogradPack: 70,
  winograd: 71,
};
