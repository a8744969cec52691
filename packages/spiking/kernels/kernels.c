// All kernels of the engine, as one translation unit: compiled once for WebAssembly and, natively, once for each
// instruction set (see build-wasm.mjs, build-native.mjs).
#include "info.h"
#include "memory.h"

#ifndef RUN
#define RUN run
#endif
#ifdef DENSE
int DENSE(HEAP_PARAM uint32_t op, uint32_t args);
#endif

// Runs one kernel; 1 when there is none of that number.
__attribute__((visibility("default"))) int RUN(HEAP_PARAM uint32_t op, uint32_t args) {
  switch (op) {
    case 0:
      info(HEAP_ARG AT(struct info_args, args));
      return 0;
    default:
#ifdef DENSE
      return DENSE(HEAP_ARG op, args);
#else
      return 1;
#endif
  }
}
