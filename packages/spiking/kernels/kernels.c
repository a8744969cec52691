// All kernels of the engine, as one translation unit: compiled once for WebAssembly and, natively, once for each
// instruction set (see build-wasm.mjs, build-native.mjs).
#include "memory.h"

#include "adaptive.h"
#include "backward.h"
#include "bursts.h"
#include "currents.h"
#include "forward.h"
#include "info.h"
#include "integer.h"
#include "largest.h"
#include "lists.h"
#include "pack.h"
#include "spikes.h"
#include "sums.h"
#include "trains.h"

#ifndef RUN
#define RUN run
#endif

// Runs one kernel; 1 when there is none of that number. The numbers are in src/fast/operations.js.
__attribute__((visibility("default"))) int RUN(HEAP_PARAM uint32_t op, uint32_t args) {
  switch (op) {
    CASE(0, info)
    CASE(1, pack)
    CASE(2, unpack)
    CASE(3, trains)
    CASE(4, encode)
    CASE(5, count)
    CASE(6, compress)
    CASE(7, max_pool)
    CASE(8, dropout)
    CASE(9, forward)
    CASE(10, largest)
    CASE(11, integrate)
    CASE(12, gather)
    CASE(13, valued_current)
    CASE(14, weight_gradients)
    CASE(15, backward)
    CASE(16, compress_values)
    CASE(17, compress_groups)
    CASE(18, pack_int)
    CASE(19, forward_int)
    CASE(20, integrate_int)
    CASE(21, valued_current_int)
    CASE(22, bound)
    CASE(23, squeeze)
    CASE(24, expand)
    CASE(25, forward_kept)
    CASE(26, forward_adaptive)
    CASE(27, integrate_filtered)
    CASE(28, bursts)
    CASE(29, forward_sum)
    CASE(30, largest_sum)
    CASE(31, forward_int_sum)
    CASE(32, join_lists)
    CASE(33, pool_lists)
    CASE(34, split_lists)
    CASE(35, currents)
    CASE(36, numbers_current)
    CASE(37, scatter)
    CASE(38, move_sums)
    default:
      return 1;
  }
}
