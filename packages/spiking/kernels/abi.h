// How the kernels are called: `run(op, args)`, with the offset of a structure of 32-bit fields in the heap.
// All memory is one heap (a WebAssembly memory, on both targets) that the caller lays out; references are byte
// offsets into it, 0 meaning "none". Every buffer is aligned to 64 bytes by the caller.
#pragma once
#include "vec.h"

typedef uint32_t ref;

#ifdef __wasm__
#define AT(type, offset) ((type *)(uintptr_t)(offset))
#define HEAP_PARAM
#define HEAP_ARG
#else
#define AT(type, offset) ((type *)(void *)(heap + (size_t)(offset)))
#define HEAP_PARAM char *heap,
#define HEAP_ARG heap,
#endif

// A kernel: a function of its own, as an engine compiles small functions better than one that holds them all.
#define KERNEL(name) static __attribute__((noinline)) void name(HEAP_PARAM struct name##_args *a)
#define CASE(number, name)                   \
  case number:                               \
    name(HEAP_ARG AT(struct name##_args, args)); \
    return 0;
