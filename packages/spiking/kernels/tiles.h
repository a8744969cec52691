// The transposed convolution of dense sources with 3 × 3 windows of stride 1, a tile of pixels at a time, by minimal
// filtering F(4 × 4, 3 × 3) (Winograd 1980; Lavin and Gray 2016): a quarter of the multiplications.
#pragma once
#include "transposed.h"

#define TILE 4           // pixels of a tile's side
#define PATCH (TILE + 2) // of the patch of sources that it comes from
#define POSITIONS (PATCH * PATCH)

struct tiles {
  ref values;  // dense sources of the layer above, [height][steps][width][padded]; 0: there are lists
  ref zeros;   // [padded]
  ref patches; // room: [POSITIONS][whole groups of steps][padded]
  ref results; // room: [POSITIONS][whole groups of steps][BLOCK]
  int32_t padded;
};

// Bᵀ, G and Aᵀ of F(4, 3), for numbers `s` vectors apart.
INLINE void patch_from_sources(vf *x, int s) {
  vf a = x[0], b = x[s], c = x[2 * s], d = x[3 * s], e = x[4 * s], f = x[5 * s];
  x[0] = splat(4) * (a - c) + (e - c);
  x[s] = (d + e) - splat(4) * (b + c);
  x[2 * s] = splat(4) * (b - c) + (e - d);
  x[3 * s] = splat(2) * (d - b) + (e - c);
  x[4 * s] = splat(2) * (b - d) + (e - c);
  x[5 * s] = splat(4) * (b - d) + (f - d);
}

INLINE void patch_from_weights(const vf *x, int from, vf *to, int s) {
  vf a = x[0], b = x[from], c = x[2 * from];
  vf sum = a * splat(1.0f / 24) + c * splat(1.0f / 6), half = b * splat(1.0f / 12);
  to[0] = a * splat(0.25f);
  to[s] = (a + b + c) * splat(-1.0f / 6);
  to[2 * s] = (a - b + c) * splat(-1.0f / 6);
  to[3 * s] = sum + half;
  to[4 * s] = sum - half;
  to[5 * s] = c;
}

INLINE void tile_from_patch(vf *x, int s) {
  vf sum = x[s] + x[2 * s], difference = x[s] - x[2 * s];
  vf sum2 = x[3 * s] + x[4 * s], difference2 = x[3 * s] - x[4 * s];
  vf last = x[5 * s];
  x[0] = x[0] + sum + sum2;
  x[s] = difference + splat(2) * difference2;
  x[2 * s] = sum + splat(4) * sum2;
  x[3 * s] = difference + splat(8) * difference2 + last;
}

// The weights of a block of inputs as the patches meet them, [POSITIONS][channels][BLOCK], behind those that were turned.
INLINE float *patch_weights(HEAP_PARAM const struct transposed *c) {
  return AT(float, c->tile) + (ptrdiff_t)9 * c->channels * BLOCK;
}

static __attribute__((noinline)) void turn_patch_weights(HEAP_PARAM const struct transposed *c, int32_t block) {
  turn_weights(HEAP_ARG c, 0, block);
  ptrdiff_t rows = (ptrdiff_t)c->channels * VECS;
  const vf *from = AT(vf, c->tile);
  vf *to = (vf *)patch_weights(HEAP_ARG c);
  for (ptrdiff_t i = 0; i < rows; i++) {
    vf x[3 * PATCH], y[POSITIONS];
    for (int column = 0; column < 3; column++) {
      vf taps[3] = {from[column * rows + i], from[(3 + column) * rows + i], from[(6 + column) * rows + i]};
      patch_from_weights(taps, 1, x + column, 3);
    }
    for (int row = 0; row < PATCH; row++) patch_from_weights(x + row * 3, 1, y + row * PATCH, 1);
    for (int p = 0; p < POSITIONS; p++) to[p * rows + i] = y[p];
  }
}

// The patch of the tile at pixel (row, column), at all time-steps.
static __attribute__((noinline)) void take_patch(HEAP_PARAM const struct transposed *c, const struct tiles *tiles,
                                                 int32_t row, int32_t column) {
  int32_t whole = (c->steps + GROUP - 1) / GROUP * GROUP, vectors = tiles->padded / LANES;
  int32_t top = row + c->padding - 2, left = column + c->padding - 2;
  // Where each position's numbers are at the first time-step, and how far the next ones are: zeros beyond the border.
  const vf *first[POSITIONS];
  ptrdiff_t next[POSITIONS];
  for (int p = 0; p < POSITIONS; p++) {
    int32_t y = top + p / PATCH, x = left + p % PATCH;
    int isThere = y >= 0 && y < c->height && x >= 0 && x < c->width;
    first[p] = isThere ? AT(vf, tiles->values) + ((ptrdiff_t)y * c->steps * c->width + x) * vectors : AT(vf, tiles->zeros);
    next[p] = isThere ? (ptrdiff_t)c->width * vectors : 0;
  }
  vf *to = AT(vf, tiles->patches);
  for (int32_t t = 0; t < whole; t++, to += vectors) {
    const vf *from[POSITIONS];
    for (int p = 0; p < POSITIONS; p++) from[p] = t < c->steps ? first[p] + t * next[p] : AT(vf, tiles->zeros);
    for (int32_t i = 0; i < vectors; i++) {
      vf x[POSITIONS];
#pragma GCC unroll 36
      for (int p = 0; p < POSITIONS; p++) x[p] = from[p][i];
#pragma GCC unroll 6
      for (int j = 0; j < PATCH; j++) patch_from_sources(x + j, PATCH);
#pragma GCC unroll 6
      for (int y = 0; y < PATCH; y++) patch_from_sources(x + y * PATCH, 1);
#pragma GCC unroll 36
      for (int p = 0; p < POSITIONS; p++) to[(ptrdiff_t)p * whole * vectors + i] = x[p];
    }
  }
}

// What the patch sends, [POSITIONS][whole groups of steps][BLOCK].
static __attribute__((noinline)) void multiply_patch(HEAP_PARAM const struct transposed *c, const struct tiles *tiles) {
  int32_t whole = (c->steps + GROUP - 1) / GROUP * GROUP;
  for (int32_t p = 0; p < POSITIONS; p++) {
    const float *patch = AT(float, tiles->patches) + (ptrdiff_t)p * whole * tiles->padded;
    const float *weights = patch_weights(HEAP_ARG c) + (ptrdiff_t)p * c->channels * BLOCK;
    vf *results = AT(vf, tiles->results) + (ptrdiff_t)p * whole * VECS;
    for (int v = 0; v < VECS; v += STRIP)
      for (int32_t t = 0; t < whole; t += GROUP) {
        const float *from[GROUP];
        vf sum[GROUP][STRIP];
        for (int g = 0; g < GROUP; g++) from[g] = patch + (ptrdiff_t)(t + g) * tiles->padded;
        for (int g = 0; g < GROUP; g++)
          for (int i = 0; i < STRIP; i++) sum[g][i] = splat(0);
        for (int32_t channel = 0; channel < c->channels; channel++) {
          const vf *row = (const vf *)(weights + (ptrdiff_t)channel * BLOCK) + v;
          vf weight[STRIP];
#pragma GCC unroll 16
          for (int i = 0; i < STRIP; i++) weight[i] = row[i];
#pragma GCC unroll 16
          for (int g = 0; g < GROUP; g++) {
            vf value = splat(from[g][channel]);
#pragma GCC unroll 16
            for (int i = 0; i < STRIP; i++) sum[g][i] += value * weight[i];
          }
        }
        for (int g = 0; g < GROUP; g++)
          for (int i = 0; i < STRIP; i++) results[(t + g) * VECS + v + i] = sum[g][i];
      }
  }
}

// What arrives at the tile's pixels, [TILE][TILE][whole groups of steps][BLOCK].
static __attribute__((noinline)) void place_tile(HEAP_PARAM const struct transposed *c, const struct tiles *tiles,
                                                 float *arriving) {
  int32_t size = (c->steps + GROUP - 1) / GROUP * GROUP * VECS;
  const vf *results = AT(vf, tiles->results);
  for (int32_t i = 0; i < size; i++) {
    vf x[POSITIONS];
    for (int p = 0; p < POSITIONS; p++) x[p] = results[(ptrdiff_t)p * size + i];
#pragma GCC unroll 6
    for (int j = 0; j < PATCH; j++) tile_from_patch(x + j, PATCH);
#pragma GCC unroll 4
    for (int y = 0; y < TILE; y++) {
      tile_from_patch(x + y * PATCH, 1);
      for (int j = 0; j < TILE; j++) ((vf *)arriving)[(ptrdiff_t)(y * TILE + j) * size + i] = x[y * PATCH + j];
    }
  }
}
