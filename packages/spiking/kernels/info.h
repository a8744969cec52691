// What the caller has to know about this build of the kernels.
#pragma once
#include "abi.h"

// Output channels that are computed together, in registers.
#ifndef BLOCK
#if LANES == 4
#define BLOCK 32
#else
#define BLOCK 64
#endif
#endif
#define VECS (BLOCK / LANES)

struct info_args {
  int32_t lanes;
  int32_t block;
};

KERNEL(info) {
  a->lanes = LANES;
  a->block = BLOCK;
}
