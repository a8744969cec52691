// The dense kernels. For WebAssembly they are a module of their own (dense.wasm): unlike the others, they share one
// memory among all threads. Natively both are in one addon (napi.c).
#include "dense.h"
#include "memory.h"
#include "winograd.h"

#ifndef DENSE
#define DENSE run
#endif

// Runs one kernel; 1 when there is none of that number.
__attribute__((visibility("default"))) int DENSE(HEAP_PARAM uint32_t op, uint32_t args) {
  switch (op) {
    case 64:
      tile(HEAP_ARG AT(struct tile_args, args));
      return 0;
    CASE(65, pack)
    CASE(66, product)
    CASE(67, outer)
    CASE(68, pool)
    CASE(69, pool_gradient)
    CASE(70, winograd_pack)
    CASE(71, winograd)
    default:
      return 1;
  }
}
