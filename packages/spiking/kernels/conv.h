// What a weighted layer reads. Its input is spikes as sorted lists: for image row y and time-step t, `ptr` holds
// width + 1 positions in `list`, [height][steps][width + 1]; an entry is x * channels + c. So the pixels that one
// row of a convolution's kernel covers are one contiguous range of the list. A dense layer is a 1 × 1
// convolution of one pixel.
// The time-steps are those of several images, one image after the other: what is loaded for one serves them all.
//
// Weights are [blocks][kernelHeight · kernelWidth · channels][BLOCK]: BLOCK output channels are computed together. Of a
// convolution of groups each block reads lists of its own, of the channels that its outputs are joined to (lists.h).
#pragma once
#include "info.h"

struct conv {
  ref ptr, list, weights;
  // Constant current: [images][outHeight][outWidth] or, with basePerPixel 0, [1] times [blocks · BLOCK]; 0 for none.
  ref base;
  int32_t basePerPixel;
  int32_t steps;     // of all images
  int32_t timeSteps; // of one image
  int32_t height, width, channels;
  int32_t outHeight, outWidth, kernelHeight, kernelWidth, strideY, strideX;
  int32_t top, left; // padding
  int32_t blocks;
  int32_t grouped; // whether `ptr` is [blocks][height][steps][width + 1]
};

// An input of neurons that take the currents of several.
struct input {
  struct conv conv; // of the same output; its constant current is not read
  ref bursts;       // of `bursts`
  // Its currents, where they are there already (currents.h): conv and bursts are not read. 0: computed from those.
  ref currents;
};

// One output pixel's part of the input: `rows` image rows from `top`, columns [left, right).
struct window {
  const uint32_t *ptr;       // of the first row at time-step 0
  ptrdiff_t ptrRow, ptrStep; // from one row, one time-step, to the next
  int32_t rows, left, right;
  int32_t weightRow, weightRowStep; // first weight row, less the entry; from one image row to the next
};

INLINE struct window window_at(const struct conv *c, const uint32_t *ptr, int32_t oy, int32_t ox) {
  int32_t y = oy * c->strideY - c->top, x = ox * c->strideX - c->left;
  int32_t top = y < 0 ? 0 : y, bottom = y + c->kernelHeight < c->height ? y + c->kernelHeight : c->height;
  int32_t right = x + c->kernelWidth < c->width ? x + c->kernelWidth : c->width;
  struct window w;
  w.ptrStep = c->width + 1;
  w.ptrRow = w.ptrStep * c->steps;
  w.left = x < 0 ? 0 : x;
  w.right = right;
  w.rows = right > w.left && bottom > top ? bottom - top : 0;
  w.ptr = ptr + (w.rows ? top * w.ptrRow : 0);
  w.weightRowStep = c->kernelWidth * c->channels;
  w.weightRow = (top - y) * w.weightRowStep - x * c->channels;
  return w;
}

INLINE const float *weight_row(const float *weights, int32_t row) {
  return weights + (ptrdiff_t)row * BLOCK;
}

// How many vectors are summed at once: with more, V8 keeps some of them in memory.
#ifdef __wasm__
#define SUMMED 4
#else
#define SUMMED VECS
#endif

INLINE void add_row(vf sum[SUMMED], const float *row) {
#pragma GCC unroll 16
  for (int v = 0; v < SUMMED; v++) sum[v] += ((const vf *)row)[v];
}

// The constant current of a pixel's block; NULL for none.
INLINE const vf *base_at(const struct conv *c, const float *all, int32_t image, int32_t pixel, int32_t block) {
  ptrdiff_t place = c->basePerPixel ? (ptrdiff_t)image * c->outHeight * c->outWidth + pixel : 0;
  return c->base ? (const vf *)(all + (place * c->blocks + block) * BLOCK) : NULL;
}

// Currents of a pixel's block at one time-step, among those of a layer: [steps][outHeight][outWidth][blocks · BLOCK].
INLINE ptrdiff_t current_place(const struct conv *c, int32_t step, int32_t pixel, int32_t block) {
  return (((ptrdiff_t)step * c->outHeight * c->outWidth + pixel) * c->blocks + block) * BLOCK;
}

INLINE void add_base(vf sum[VECS], const vf *base) {
  if (base)
    for (int v = 0; v < VECS; v++) sum[v] += base[v];
}

// Words of a map of output spikes, [outHeight][steps][outWidth][blocks · BLOCK / 32].
INLINE ptrdiff_t map_words(const struct conv *c) {
  return (ptrdiff_t)c->outHeight * c->steps * c->outWidth * c->blocks * (BLOCK / 32);
}

INLINE ptrdiff_t block_rows(const struct conv *c) {
  return (ptrdiff_t)c->kernelHeight * c->kernelWidth * c->channels;
}

// Fetches a block of weights in their order, before they are read in any: deep layers' are in no cache.
INLINE void prefetch_block(const void *weights, ptrdiff_t bytes) {
#ifndef __wasm__
  for (ptrdiff_t i = 0; i < bytes; i += 64) __builtin_prefetch((const char *)weights + i, 0, 2);
#endif
}

// The positions that a block reads.
INLINE const uint32_t *block_ptr(const struct conv *c, const uint32_t *ptr, int32_t block) {
  return c->grouped ? ptr + (ptrdiff_t)block * c->height * c->steps * (c->width + 1) : ptr;
}

INLINE const float *block_weights(const struct conv *c, const float *weights, int32_t block) {
  return weights + block * block_rows(c) * BLOCK;
}
