// Threshold balancing: a layer's largest input current, over neurons and time-steps.
#pragma once
#include "integer.h"

// Before a window's currents are summed, an upper bound tells whether they can matter: the same sum with weights of
// 8 bits, a quarter of the memory to read. Weights are at most `unit` / 2 from theirs.
struct bound_args {
  ref from; // weights, any number that is a multiple of 64
  ref to;   // the same order, bytes
  int32_t length;
  float unit; // result
};

KERNEL(bound) {
  const float *from = AT(float, a->from);
  int8_t *to = AT(int8_t, a->to);
  vf largest = splat(0);
  for (int32_t i = 0; i < a->length; i += LANES) largest = larger(largest, magnitude(*(const vf *)(from + i)));
  float most = 0;
  for (int lane = 0; lane < LANES; lane++) most = largest[lane] > most ? largest[lane] : most;
  float inverse = most > 0 ? 127 / most : 0;
  for (int32_t i = 0; i < a->length; i++) {
    // Adding 3 · 2²² leaves the nearest integer in the lowest bits.
    union {
      float number;
      int32_t bits;
    } x = {from[i] * inverse + 12582912.0f};
    to[i] = (int8_t)x.bits;
  }
  a->unit = most / 127;
}

// So many weights of 8 bits fit into a sum of 16.
#define BOUND_SPIKES 256

// Loads 2 · LANES bytes as numbers of 16 bits; and whether any of those is at least `limit`.
#if defined(__AVX512F__)
INLINE vs load_bytes(const int8_t *p) { return (vs)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p)); }
INLINE int any_at_least(vs x, int16_t limit) {
  return _mm512_cmpge_epi16_mask((__m512i)x, _mm512_set1_epi16(limit)) != 0;
}
#elif defined(__AVX2__)
INLINE vs load_bytes(const int8_t *p) { return (vs)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)); }
INLINE int any_at_least(vs x, int16_t limit) {
  return _mm256_movemask_epi8(_mm256_cmpgt_epi16(_mm256_set1_epi16(limit), (__m256i)x)) != -1;
}
#else
typedef int8_t vbytes __attribute__((vector_size(LANES * 2), aligned(1)));
INLINE vs load_bytes(const int8_t *p) { return __builtin_convertvector(*(const vbytes *)p, vs); }
INLINE int any_at_least(vs x, int16_t limit) {
  vs above = x >= limit - (vs){0};
  uint64_t words[2];
  __builtin_memcpy(words, &above, sizeof words);
  return (words[0] | words[1]) != 0;
}
#endif

// So many spikes of a window are collected before they are summed.
#define COLLECT 1024
typedef uint32_t vu __attribute__((vector_size(LANES * 4), aligned(4)));

// Where the weight rows of one time-step's spikes in a window begin, as one list: one loop over all rows of the window
// has one end for the processor to mispredict, instead of one a row. `count` is -1 if they are more than COLLECT.
struct collected {
  uint32_t offsets[COLLECT + LANES] __attribute__((aligned(64)));
  int32_t count;
};

INLINE void collect(struct collected *c, const struct window *w, const uint32_t *list, int32_t step) {
  c->count = -1;
  const uint32_t *ptr = w->ptr + step * w->ptrStep;
  uint32_t first = (uint32_t)w->weightRow, n = 0;
  for (int32_t row = 0; row < w->rows; row++, ptr += w->ptrRow, first += (uint32_t)w->weightRowStep) {
    const uint32_t *from = list + ptr[w->left];
    uint32_t count = ptr[w->right] - ptr[w->left];
    if (n + count > COLLECT) return;
    // Whole vectors: what is too much is overwritten by the next row.
    vu *to = (vu *)(c->offsets + n);
    for (uint32_t i = 0; i < count; i += LANES) to[i / LANES] = (((const vu *)from)[i / LANES] + first) * BLOCK;
    n += count;
  }
  c->count = (int32_t)n;
}

// Calls `add(sum, row)` for the weight rows of one time-step's spikes in the window.
#define FOR_EACH_SPIKE(add, sum, weights, w, list, step, collected)                                        \
  do {                                                                                                     \
    for (int32_t i = 0; i < (collected)->count; i++) add(sum, (weights) + (collected)->offsets[i]);         \
    if ((collected)->count < 0) {                                                                          \
      const uint32_t *ptr = (w)->ptr + (step) * (w)->ptrStep;                                              \
      int32_t first = (w)->weightRow;                                                                      \
      for (int32_t row = 0; row < (w)->rows; row++, ptr += (w)->ptrRow, first += (w)->weightRowStep)       \
        for (uint32_t i = ptr[(w)->left], end = ptr[(w)->right]; i < end; i++)                             \
          add(sum, (weights) + (ptrdiff_t)(first + (int32_t)(list)[i]) * BLOCK);                           \
    }                                                                                                      \
  } while (0)

// The current of one time-step's spikes in the window.
INLINE void sum_spikes(vf sum[VECS], const struct window *w, const uint32_t *list, const float *weights, int32_t step,
                       const struct collected *collected) {
#pragma GCC unroll 2
  for (int v = 0; v < VECS; v += SUMMED) {
    vf current[SUMMED];
    for (int i = 0; i < SUMMED; i++) current[i] = splat(0);
    FOR_EACH_SPIKE(add_row, current, weights + v * LANES, w, list, step, collected);
#pragma GCC unroll 16
    for (int i = 0; i < SUMMED; i++) sum[v + i] = current[i];
  }
}

INLINE void add_row_bound(vs sum[SHORT_VECS], const int8_t *row) {
#pragma GCC unroll 16
  for (int v = 0; v < SHORT_VECS; v++) sum[v] += load_bytes(row + v * LANES * 2);
}

// Whether any current of a window's block may be above `largest`.
INLINE int may_exceed(const struct window *w, const uint32_t *list, const int8_t *weights, int32_t step,
                      const struct collected *collected, float largest, float unit) {
  int32_t spikes = collected->count;
  if (spikes < 0 || spikes > BOUND_SPIKES) return 1;
  // The sum of the true weights is at most unit · (sum + spikes / 2); 1 more for rounding.
  float limit = largest / unit - 0.5f * (float)spikes - 1;
  if (limit >= 127.0f * (float)spikes) return 0;
  int16_t most = limit > -32768 ? (int16_t)limit : -32768;
  vs sum[SHORT_VECS];
  for (int v = 0; v < SHORT_VECS; v++) sum[v] = (vs){0};
  FOR_EACH_SPIKE(add_row_bound, sum, weights, w, list, step, collected);
  int any = 0;
#pragma GCC unroll 16
  for (int v = 0; v < SHORT_VECS; v++) any |= any_at_least(sum[v], most);
  return any;
}

struct largest_args {
  struct conv conv;
  // Counts of positive currents, added to; 0 for none. By their top 20 bits, [1 << 19]; or, of those with the top bits
  // `bin`, by their lowest 12, [1 << 12].
  ref histogram;
  ref bounds;    // the weights in 8 bits, see `bound`; 0 for none. Not with constant currents
  int32_t bin;   // -1 for all
  float unit;    // of `bounds`
  float largest; // without a histogram: the largest current so far, at least 0; result: the larger of it and the
                 // layer's. With one: what need not be counted is at most this
};

INLINE void count_currents(uint32_t *histogram, const vf sum[VECS], int32_t bin) {
  for (int v = 0; v < VECS; v++)
    for (int lane = 0; lane < LANES; lane++) {
      if (!(sum[v][lane] > 0)) continue;
      int32_t bits = ((vi)sum[v])[lane];
      if (bin < 0)
        histogram[bits >> 12]++;
      else if (bits >> 12 == bin)
        histogram[bits & 0xfff]++;
    }
}

KERNEL(largest) {
  struct conv c = a->conv;
  const uint32_t *list = AT(uint32_t, c.list);
  uint32_t *histogram = AT(uint32_t, a->histogram);
  float largest = a->largest;
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    const uint32_t *ptr = block_ptr(&c, AT(uint32_t, c.ptr), block);
    const int8_t *bounds =
        AT(int8_t, a->bounds) + block * block_rows(&c) * BLOCK;
    for (int32_t oy = 0; oy < c.outHeight; oy++)
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        struct window w = window_at(&c, ptr, oy, ox);
        const vf *base = base_at(&c, AT(float, c.base), 0, oy * c.outWidth + ox, block);
        for (int32_t t = 0; t < c.steps; t++) {
          struct collected collected;
          collect(&collected, &w, list, t);
          if (a->bounds && !may_exceed(&w, list, bounds, t, &collected, largest, a->unit)) continue;
          vf sum[VECS], most = splat(0);
          sum_spikes(sum, &w, list, weights, t, &collected);
          add_base(sum, base);
          if (a->histogram) {
            count_currents(histogram, sum, a->bin);
            continue;
          }
          for (int v = 0; v < VECS; v++) most = larger(most, sum[v]);
          for (int lane = 0; lane < LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
        }
      }
  }
  a->largest = largest;
}

struct largest_sum_args {
  struct conv conv;
  ref others; // struct input, [count]
  int32_t count;
  ref histogram; // as for `largest`
  int32_t bin;
  float largest;
};

// The same of neurons that take the sum of several inputs, without upper bounds.
KERNEL(largest_sum) {
  struct conv c = a->conv;
  const struct input *others = AT(struct input, a->others);
  float largest = a->largest;
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    for (int32_t oy = 0; oy < c.outHeight; oy++)
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        struct window w = window_at(&c, block_ptr(&c, AT(uint32_t, c.ptr), block), oy, ox);
        const vf *base = base_at(&c, AT(float, c.base), 0, oy * c.outWidth + ox, block);
        for (int32_t t = 0; t < c.steps; t++) {
          struct collected collected;
          vf sum[VECS], added[VECS], most = splat(0);
          collect(&collected, &w, AT(uint32_t, c.list), t);
          sum_spikes(sum, &w, AT(uint32_t, c.list), weights, t, &collected);
          for (int32_t i = 0; i < a->count; i++) {
            struct conv o = others[i].conv;
            if (others[i].currents) {
              ptrdiff_t place = current_place(&o, t, oy * o.outWidth + ox, block);
              add_base(sum, AT(vf, others[i].currents) + place / LANES);
              continue;
            }
            struct window other = window_at(&o, block_ptr(&o, AT(uint32_t, o.ptr), block), oy, ox);
            collect(&collected, &other, AT(uint32_t, o.list), t);
            sum_spikes(added, &other, AT(uint32_t, o.list), block_weights(&o, AT(float, o.weights), block), t,
                       &collected);
            for (int v = 0; v < VECS; v++) sum[v] += added[v];
          }
          add_base(sum, base);
          if (a->histogram) {
            count_currents(AT(uint32_t, a->histogram), sum, a->bin);
            continue;
          }
          for (int v = 0; v < VECS; v++) most = larger(most, sum[v]);
          for (int lane = 0; lane < LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
        }
      }
  }
  a->largest = largest;
}

// Bits are kept from layer to layer with their zero bytes left out: for each 8 bytes a byte that says which follow.
struct squeeze_args {
  ref from;
  ref to; // room for 9 bytes for each 8, and 8 more
  int32_t bytes; // a multiple of 8
  int32_t length; // result
};

KERNEL(squeeze) {
  const uint8_t *from = AT(uint8_t, a->from);
  uint8_t *to = AT(uint8_t, a->to), *start = to;
  for (int32_t i = 0; i < a->bytes; i += 8) {
    uint8_t *which = to++;
    uint8_t present = 0;
    for (int k = 0; k < 8; k++) {
      *to = from[i + k];
      present |= (uint8_t)((from[i + k] != 0) << k);
      to += from[i + k] != 0;
    }
    *which = present;
  }
  a->length = (int32_t)(to - start);
}

struct expand_args {
  ref from;
  ref to;
  int32_t bytes; // of the result
};

KERNEL(expand) {
  const uint8_t *from = AT(uint8_t, a->from);
  uint8_t *to = AT(uint8_t, a->to);
  for (int32_t i = 0; i < a->bytes; i += 8) {
    uint64_t word = 0;
    for (uint32_t present = *from++; present; present &= present - 1)
      word |= (uint64_t)*from++ << (8 * __builtin_ctz(present));
    __builtin_memcpy(to + i, &word, 8);
  }
}
