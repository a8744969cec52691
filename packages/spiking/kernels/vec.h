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

typedef float vf __attribute__((vector_size(LANES * 4), may_alias));
typedef int32_t vi __attribute__((vector_size(LANES * 4), may_alias));

// The same, at addresses that are multiples of 4 only.
typedef float vfu __attribute__((vector_size(LANES * 4), aligned(4)));

#define INLINE static inline __attribute__((always_inline))

INLINE vf splat(float x) { return x - (vf){0}; }

// Which lanes of a comparison hold: a mask register where there are any, else all ones or all zeros a lane.
#if defined(__AVX512F__)
typedef __mmask16 vm;
INLINE vm greater(vf a, vf b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ); }
INLINE vm differs(vf a, vf b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_NEQ_UQ); }
INLINE vf keep(vm m, vf x) { return (vf)_mm512_maskz_mov_ps(m, (__m512)x); }
INLINE vf drop(vm m, vf x) { return (vf)_mm512_maskz_mov_ps((vm)~m, (__m512)x); }
INLINE vf subtract_where(vm m, vf x, vf y) { return (vf)_mm512_mask_sub_ps((__m512)x, m, (__m512)x, (__m512)y); }
INLINE uint32_t lane_bits(vm m) { return m; }
INLINE vm from_bits(uint32_t bits) { return (vm)bits; }
#else
typedef vi vm;
INLINE vm greater(vf a, vf b) { return a > b; }
INLINE vm differs(vf a, vf b) { return a != b; }
INLINE vf keep(vm m, vf x) { return (vf)(m & (vi)x); }
INLINE vf drop(vm m, vf x) { return (vf)(~m & (vi)x); }
INLINE vf subtract_where(vm m, vf x, vf y) { return x - keep(m, y); }
#if LANES == 8
#define LANE_BITS ((vi){1, 2, 4, 8, 16, 32, 64, 128})
INLINE uint32_t lane_bits(vm m) { return (uint32_t)_mm256_movemask_ps((__m256)m); }
#else
#define LANE_BITS ((vi){1, 2, 4, 8})
#if defined(__SSE2__)
INLINE uint32_t lane_bits(vm m) { return (uint32_t)_mm_movemask_ps((__m128)m); }
#elif defined(__wasm_simd128__)
INLINE uint32_t lane_bits(vm m) { return (uint32_t)__builtin_wasm_bitmask_i32x4(m); }
#else
INLINE uint32_t lane_bits(vm m) {
  vi b = m & LANE_BITS;
  return (uint32_t)(b[0] | b[1] | b[2] | b[3]);
}
#endif
#endif
INLINE vm from_bits(uint32_t bits) { return (((vi){0} + (int32_t)bits) & LANE_BITS) != 0; }
#endif

INLINE vm both(vm a, vm b) { return a & b; }

INLINE vf larger(vf a, vf b) {
  vm m = greater(a, b);
  return keep(m, a) + drop(m, b);
}
INLINE vf magnitude(vf a) { return (vf)((vi)a & 0x7fffffff); }
