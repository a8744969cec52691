// Vectors of floats of the target's width, and the integers and masks that go with them.
#pragma once
#include <stdint.h>
#include <stddef.h>

#if defined(__AVX512F__)
#include <immintrin.h>
#define LANES 16
#elif defined(__AVX2__)
#include <immintrin.h>
#define LANES 8
#elif defined(__SSE2__)
#include <immintrin.h>
#define LANES 4
#elif defined(__wasm_simd128__)
#define LANES 4
#else
#define LANES 4
#endif

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
// The same, at addresses that are multiples of 4 only.
typedef float vfu __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

INLINE vf splat(float x) { return x - (vf){0}; }

// One bit for each lane in which a > b, lane 0 lowest.
INLINE uint32_t greater_bits(vf a, vf b) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ);
#elif defined(__AVX2__)
  return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GT_OQ));
#elif defined(__SSE2__)
  return (uint32_t)_mm_movemask_ps(_mm_cmpgt_ps((__m128)a, (__m128)b));
#elif defined(__wasm_simd128__)
  return (uint32_t)__builtin_wasm_bitmask_i32x4(a > b);
#else
  vi m = (a > b) & (vi){1, 2, 4, 8};
  return (uint32_t)(m[0] | m[1] | m[2] | m[3]);
#endif
}

// a where a > b, else 0, and its like: lanes of x kept where the mask is all ones.
INLINE vf keep(vi mask, vf x) { return (vf)(mask & (vi)x); }
INLINE vf larger(vf a, vf b) { return (vf)(((a > b) & (vi)a) | (~(a > b) & (vi)b)); }
