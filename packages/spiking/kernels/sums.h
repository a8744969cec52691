// Sums of gradients.
#pragma once
#include "info.h"

struct move_sums_args {
  ref totals, sums; // [count]
  int32_t count;    // whole blocks
};

// Adds sums to totals, and leaves zeros.
KERNEL(move_sums) {
  vf *totals = AT(vf, a->totals), *sums = AT(vf, a->sums);
  for (int32_t i = 0; i < a->count / LANES; i++) {
    totals[i] += sums[i];
    sums[i] = splat(0);
  }
}
