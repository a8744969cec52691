// Weights from and to the order of parameters: convolutions [kernel][kernel][inputs][outputs], dense
// [inputs][outputs] (kernel 1).
#pragma once
#include "info.h"

INLINE int32_t blocks_of(int32_t channels) { return (channels + BLOCK - 1) / BLOCK; }

// How many of a block's channels there are: the last may have fewer.
INLINE int32_t block_outputs(int32_t outputs, int32_t block) {
  return outputs - block * BLOCK < BLOCK ? outputs - block * BLOCK : BLOCK;
}

struct pack_args {
  ref from;   // parameters
  ref to;     // [blocks][taps · channels][BLOCK]
  int32_t taps, inputs, outputs;
  int32_t isSigned; // whether the inputs' weights are followed by the same, negated
  float factor;
};

KERNEL(pack) {
  const float *from = AT(float, a->from);
  int32_t channels = a->isSigned ? 2 * a->inputs : a->inputs;
  for (int32_t block = 0; block < blocks_of(a->outputs); block++)
    for (int32_t tap = 0; tap < a->taps; tap++)
      for (int32_t c = 0; c < channels; c++) {
        float factor = c < a->inputs ? a->factor : -a->factor;
        const float *row = from + ((ptrdiff_t)tap * a->inputs + c % a->inputs) * a->outputs + block * BLOCK;
        float *to = AT(float, a->to) +
                    (((ptrdiff_t)block * a->taps + tap) * channels + c) * BLOCK;
        int32_t count = block_outputs(a->outputs, block);
        for (int32_t i = 0; i < count; i++) to[i] = row[i] * factor;
        for (int32_t i = count; i < BLOCK; i++) to[i] = 0;
      }
}

struct unpack_args {
  ref from; // [blocks][taps · channels][BLOCK]
  ref to;   // parameters, written
  int32_t taps, inputs, outputs, isSigned;
  float factor;
};

// Gradients back to the order of parameters.
KERNEL(unpack) {
  int32_t channels = a->isSigned ? 2 * a->inputs : a->inputs;
  for (int32_t block = 0; block < blocks_of(a->outputs); block++)
    for (int32_t tap = 0; tap < a->taps; tap++)
      for (int32_t c = 0; c < a->inputs; c++) {
        float *to = AT(float, a->to) + ((ptrdiff_t)tap * a->inputs + c) * a->outputs + block * BLOCK;
        const float *row = AT(float, a->from) +
                           (((ptrdiff_t)block * a->taps + tap) * channels + c) * BLOCK;
        const float *negated = row + (ptrdiff_t)a->inputs * BLOCK;
        int32_t count = block_outputs(a->outputs, block);
        for (int32_t i = 0; i < count; i++)
          to[i] = (a->isSigned ? row[i] - negated[i] : row[i]) * a->factor;
      }
}
