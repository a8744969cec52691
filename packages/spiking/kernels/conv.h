// What a weighted layer reads. Its input is spikes as sorted lists: for image row y and time-step t, `ptr` holds
// width + 1 positions in `list`, [height][steps][width + 1]; an entry is x * channels + c. So the pixels that one
// row of a convolution's kernel covers are one contiguous range of the list. A dense layer is a 1 × 1
// convolution of one pixel.
//
// Weights are [blocks][kernel · kernel · channels][BLOCK]: BLOCK output channels are computed together.
#pragma once
#include "info.h"

struct conv {
  ref ptr, list, weights;
  // Constant current: [outHeight][outWidth] or, with basePerPixel 0, [1] times [blocks · BLOCK]; 0 for none.
  ref base;
  int32_t basePerPixel;
  int32_t steps, height, width, channels;
  int32_t outHeight, outWidth, kernel, stride, padding, blocks;
};

// One output pixel's part of the input: `rows` image rows from `top`, columns [left, right).
struct window {
  const uint32_t *ptr;       // of the first row at time-step 0
  ptrdiff_t ptrRow, ptrStep; // from one row, one time-step, to the next
  int32_t rows, left, right;
  int32_t weightRow, weightRowStep; // first weight row, less the entry; from one image row to the next
  int32_t usual; // spikes of one image row and time-step, as a mean of all windows and a quarter more
};

INLINE struct window window_at(const struct conv *c, const uint32_t *ptr, int32_t oy, int32_t ox) {
  int32_t y = oy * c->stride - c->padding, x = ox * c->stride - c->padding;
  int32_t top = y < 0 ? 0 : y, bottom = y + c->kernel < c->height ? y + c->kernel : c->height;
  int32_t right = x + c->kernel < c->width ? x + c->kernel : c->width;
  struct window w;
  w.ptrStep = c->width + 1;
  w.ptrRow = w.ptrStep * c->steps;
  w.left = x < 0 ? 0 : x;
  w.right = right;
  w.rows = right > w.left && bottom > top ? bottom - top : 0;
  w.ptr = ptr + (w.rows ? top * w.ptrRow : 0);
  w.weightRowStep = c->kernel * c->channels;
  w.weightRow = (top - y) * w.weightRowStep - x * c->channels;
  int64_t rowSteps = (int64_t)c->height * c->steps, spikes = ptr[rowSteps * w.ptrStep - 1];
  w.usual = (int32_t)(spikes * c->kernel * 5 / (rowSteps * c->width * 4));
  return w;
}

INLINE const float *weight_row(const float *weights, int32_t row) {
  return weights + (ptrdiff_t)row * BLOCK;
}

// So many spikes of a window are collected before they are summed.
#define COLLECT 1024
typedef uint32_t vu __attribute__((vector_size(LANES * 4), aligned(4)));

// Where the weight rows of one time-step's spikes in a window begin, as one list: one loop over all rows of the window
// has one end for the processor to mispredict, instead of one a row. `count` is -1 if they are more than COLLECT, or of
// one row and so a list already.
struct collected {
  uint32_t offsets[COLLECT + 48] __attribute__((aligned(64)));
  int32_t count;
};

INLINE void collect(struct collected *c, const struct window *w, const uint32_t *list, int32_t step) {
  c->count = -1;
  if (w->rows == 1) return;
  const uint32_t *ptr = w->ptr + step * w->ptrStep;
  uint32_t first = (uint32_t)w->weightRow, n = 0;
  for (int32_t row = 0; row < w->rows; row++, ptr += w->ptrRow, first += (uint32_t)w->weightRowStep) {
    const uint32_t *from = list + ptr[w->left];
    uint32_t count = ptr[w->right] - ptr[w->left], i = 0;
    if (n + count > COLLECT) return;
    // Whole vectors, and mostly the same number of them: what is too much is overwritten by the next row.
    vu *to = (vu *)(c->offsets + n);
    if (w->usual > 16)
#pragma GCC unroll 4
      for (; i < 32; i += LANES) to[i / LANES] = (((const vu *)from)[i / LANES] + first) * BLOCK;
    for (; i < count; i += LANES) to[i / LANES] = (((const vu *)from)[i / LANES] + first) * BLOCK;
    n += count;
  }
  c->count = (int32_t)n;
}

// Calls `add(sum, row)` for the weight rows of one time-step's spikes in the window, collected before.
#define FOR_EACH_COLLECTED(add, sum, weights, w, list, step, collected)                                    \
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

#define FOR_EACH_SPIKE(add, sum, weights, w, list, step)                      \
  do {                                                                        \
    struct collected collected;                                               \
    collect(&collected, w, list, step);                                       \
    FOR_EACH_COLLECTED(add, sum, weights, w, list, step, &collected);         \
  } while (0)

// How many vectors are summed at once: with more, V8 keeps some of them in memory.
#define SUMMED (LANES == 4 ? 4 : VECS)

INLINE void add_row(vf sum[SUMMED], const float *row) {
#pragma GCC unroll 16
  for (int v = 0; v < SUMMED; v++) sum[v] += ((const vf *)row)[v];
}

// Adds the current of one time-step's spikes in the window to `sum`. It is summed by itself first: so many registers
// fit, and the result is that of u + I.
INLINE void add_collected(vf sum[VECS], const struct window *w, const uint32_t *list, const float *weights,
                          int32_t step, const struct collected *collected) {
#pragma GCC unroll 2
  for (int v = 0; v < VECS; v += SUMMED) {
    vf current[SUMMED];
    for (int i = 0; i < SUMMED; i++) current[i] = splat(0);
    FOR_EACH_COLLECTED(add_row, current, weights + v * LANES, w, list, step, collected);
#pragma GCC unroll 16
    for (int i = 0; i < SUMMED; i++) sum[v + i] += current[i];
  }
}

INLINE void add_spikes(vf sum[VECS], const struct window *w, const uint32_t *list, const float *weights,
                       int32_t step) {
  struct collected collected;
  collect(&collected, w, list, step);
  add_collected(sum, w, list, weights, step, &collected);
}

// So many time-steps' currents are summed together where rows have many spikes: each image row's of all steps before
// the next row's, so that a weight row that several steps read comes from the first-level cache. It pays from so
// many usual spikes on.
#define TOGETHER (LANES == 16 ? 7 : 1)
#define MANY 36

static __attribute__((noinline)) void sum_together(vf currents[TOGETHER][VECS], const struct window *w,
                                                   const uint32_t *list, const float *weights, int32_t step) {
  vf sum[TOGETHER][VECS];
#pragma GCC unroll 8
  for (int t = 0; t < TOGETHER; t++)
    for (int v = 0; v < VECS; v++) sum[t][v] = splat(0);
  const uint32_t *ptr = w->ptr + step * w->ptrStep;
  int32_t first = w->weightRow;
  for (int32_t row = 0; row < w->rows; row++, ptr += w->ptrRow, first += w->weightRowStep) {
    const float *from = weight_row(weights, first);
#pragma GCC unroll 8
    for (int t = 0; t < TOGETHER; t++) {
      const uint32_t *at = ptr + t * w->ptrStep;
      for (uint32_t i = at[w->left], end = at[w->right]; i < end; i++) add_row(sum[t], from + (size_t)list[i] * BLOCK);
    }
  }
#pragma GCC unroll 8
  for (int t = 0; t < TOGETHER; t++)
    for (int v = 0; v < VECS; v++) currents[t][v] = sum[t][v];
}

// The constant current of a pixel's block; NULL for none.
INLINE const vf *base_at(const struct conv *c, const float *all, int32_t pixel, int32_t block) {
  return c->base ? (const vf *)(all + ((ptrdiff_t)(c->basePerPixel ? pixel : 0) * c->blocks + block) * BLOCK) : NULL;
}

INLINE void add_base(vf sum[VECS], const vf *base) {
  if (base)
    for (int v = 0; v < VECS; v++) sum[v] += base[v];
}

INLINE ptrdiff_t block_rows(const struct conv *c) { return (ptrdiff_t)c->kernel * c->kernel * c->channels; }

// Fetches a block of weights in their order, before they are read in any: deep layers' are in no cache.
INLINE void prefetch_block(const void *weights, ptrdiff_t bytes) {
#ifndef __wasm__
  for (ptrdiff_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)weights + i, 0, 2);
#endif
}

INLINE const float *block_weights(const struct conv *c, const float *weights, int32_t block) {
  return weights + block * block_rows(c) * BLOCK;
}
