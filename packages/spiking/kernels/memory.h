// There is no C library in WebAssembly, but the compiler calls these; with -mbulk-memory each is one instruction.
#pragma once
#include <stddef.h>

#ifdef __wasm__
void *memset(void *to, int value, size_t size) { return __builtin_memset(to, value, size); }
void *memcpy(void *to, const void *from, size_t size) { return __builtin_memcpy(to, from, size); }
void *memmove(void *to, const void *from, size_t size) { return __builtin_memmove(to, from, size); }
#else
#include <string.h>
#endif
