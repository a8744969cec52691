// The transposed convolution of dense sources with 3 × 3 windows of stride 1, a tile of pixels at a time, by minimal
// filtering F(4 × 4, 3 × 3) (filtering.h): a quarter of the multiplications.
#pragma once
#include "filtering.h"
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
    vf half[PATCH][3];
    for (int column = 0; column < 3; column++) {
      vf taps[3] = {from[column * rows + i], from[(3 + column) * rows + i], from[(6 + column) * rows + i]}, line[PATCH];
      weight_line(TILE, taps, line);
      for (int row = 0; row < PATCH; row++) half[row][column] = line[row];
    }
    for (int row = 0; row < PATCH; row++) {
      vf line[PATCH];
      weight_line(TILE, half[row], line);
      for (int column = 0; column < PATCH; column++) to[(row * PATCH + column) * rows + i] = line[column];
    }
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
      vf half[PATCH][PATCH];
#pragma GCC unroll 6
      for (int j = 0; j < PATCH; j++) {
        vf x[PATCH], line[PATCH];
        for (int y = 0; y < PATCH; y++) x[y] = from[y * PATCH + j][i];
        input_line(TILE, x, line);
        for (int y = 0; y < PATCH; y++) half[y][j] = line[y];
      }
#pragma GCC unroll 6
      for (int y = 0; y < PATCH; y++) {
        vf line[PATCH];
        input_line(TILE, half[y], line);
        for (int j = 0; j < PATCH; j++) to[(ptrdiff_t)(y * PATCH + j) * whole * vectors + i] = line[j];
      }
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
    vf half[TILE][PATCH];
#pragma GCC unroll 6
    for (int j = 0; j < PATCH; j++) {
      vf x[PATCH], line[TILE];
      for (int y = 0; y < PATCH; y++) x[y] = results[(ptrdiff_t)(y * PATCH + j) * size + i];
      output_line(TILE, x, line);
      for (int y = 0; y < TILE; y++) half[y][j] = line[y];
    }
#pragma GCC unroll 4
    for (int y = 0; y < TILE; y++) {
      vf line[TILE];
      output_line(TILE, half[y], line);
      for (int j = 0; j < TILE; j++) ((vf *)arriving)[(ptrdiff_t)(y * TILE + j) * size + i] = line[j];
    }
  }
}
