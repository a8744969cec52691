// Valued lists, and the transposed convolution of them: what a layer's outputs send to its inputs.
#pragma once
#include "conv.h"

struct valued {
  uint32_t entry;
  float value;
};

// The sources' lists join GROUP time-steps: a source that is not 0 at one step is often not at the next, and each
// weight that is loaded serves them all.
#define GROUP 4
struct valued_group {
  uint32_t entry;
  float values[GROUP];
};

// Adds value · weight row for one range of a valued list.
INLINE void add_valued(vf sum[VECS], const struct valued *list, uint32_t from, uint32_t to, int32_t first,
                       const float *weights) {
  for (uint32_t i = from; i < to; i++) {
    const vf *weight = (const vf *)weight_row(weights, first + (int32_t)list[i].entry);
    vf value = splat(list[i].value);
#pragma GCC unroll 16
    for (int v = 0; v < VECS; v++) sum[v] += value * weight[v];
  }
}

// How many vectors of channels are summed at once over a group of time-steps: what the registers hold.
#if LANES == 16
#define STRIP 4
#else
#define STRIP 2
#endif

INLINE void add_groups(vf sum[GROUP][STRIP], const struct valued_group *list, uint32_t from, uint32_t to,
                       int32_t first, const float *weights) {
  for (uint32_t i = from; i < to; i++) {
    const vf *row = (const vf *)weight_row(weights, first + (int32_t)list[i].entry);
    vf weight[STRIP];
#pragma GCC unroll 16
    for (int v = 0; v < STRIP; v++) weight[v] = row[v];
#pragma GCC unroll 16
    for (int t = 0; t < GROUP; t++) {
      vf value = splat(list[i].values[t]);
#pragma GCC unroll 16
      for (int v = 0; v < STRIP; v++) sum[t][v] += value * weight[v];
    }
  }
}

// The transposed convolution of valued lists: what outputs send to inputs. The results are the layer's input
// pixels.
struct transposed {
  ref ptr, list;
  ref weights; // of the layer, as struct conv has them, with `rows` rows a tap
  ref tile;    // room for the weights of one block of inputs the other way round, see turn_weights
  int32_t rows;
  int32_t steps, height, width, channels; // of the lists
  int32_t outHeight, outWidth, outChannels, kernel, stride, padding, blocks;
  int32_t dense; // whether all results come from the one pixel of a dense layer's outputs
};

// The output pixels whose kernels cover input pixel (y, x): oy · stride + ky − padding = y, 0 ≤ ky < kernel.
struct cover {
  int32_t low, lowX; // output pixel o sees the pixel with kernel − 1 − ky = o · stride − low
  int32_t top, bottom, left, right;
};

INLINE struct cover cover_of(const struct transposed *c, int32_t y, int32_t x) {
  int32_t s = c->stride, high = y + c->padding, highX = x + c->padding;
  struct cover r;
  if (c->dense) return (struct cover){0, 0, 0, 0, 0, 0};
  r.low = high - c->kernel + 1;
  r.lowX = highX - c->kernel + 1;
  r.top = r.low > 0 ? (r.low + s - 1) / s : 0;
  r.bottom = high / s < c->height - 1 ? high / s : c->height - 1;
  r.left = r.lowX > 0 ? (r.lowX + s - 1) / s : 0;
  r.right = highX / s < c->width - 1 ? highX / s : c->width - 1;
  return r;
}

// The weight row that entry 0 would have where it reaches the pixel from output pixel (oy, ox). Weight rows are
// [kernel − 1 − ky][kernel − 1 − kx][channels], and an entry is ox * channels + c.
INLINE int32_t row_from(const struct transposed *c, const struct cover *cover, int32_t oy, int32_t ox) {
  int32_t s = c->stride;
  return ((oy * s - cover->low) * c->kernel - cover->lowX + (s - 1) * ox) * c->channels;
}

typedef float v4 __attribute__((vector_size(16), may_alias));

// Deep layers' weights and their gradients are in no cache: what is needed soon is fetched ahead.
INLINE void prefetch(const float *at) {
#ifndef __wasm__
  __builtin_prefetch(at, 0, 2);
#endif
}

// Turns a square of weights, BLOCK inputs by BLOCK outputs, and fetches the `next` one.
INLINE void turn_square(const float *from, float *to, const float *next) {
  for (int32_t in = 0; in < BLOCK; in += 4)
    for (int32_t out = 0; out < BLOCK; out += 4) {
      const float *corner = from + in * BLOCK + out;
      prefetch(next + in * BLOCK + out * 4);
      v4 a = *(const v4 *)corner, b = *(const v4 *)(corner + BLOCK);
      v4 c = *(const v4 *)(corner + 2 * BLOCK), d = *(const v4 *)(corner + 3 * BLOCK);
      v4 ac = __builtin_shufflevector(a, c, 0, 4, 1, 5), acHigh = __builtin_shufflevector(a, c, 2, 6, 3, 7);
      v4 bd = __builtin_shufflevector(b, d, 0, 4, 1, 5), bdHigh = __builtin_shufflevector(b, d, 2, 6, 3, 7);
      float *result = to + out * BLOCK + in;
      *(v4 *)result = __builtin_shufflevector(ac, bd, 0, 4, 1, 5);
      *(v4 *)(result + BLOCK) = __builtin_shufflevector(ac, bd, 2, 6, 3, 7);
      *(v4 *)(result + 2 * BLOCK) = __builtin_shufflevector(acHigh, bdHigh, 0, 4, 1, 5);
      *(v4 *)(result + 3 * BLOCK) = __builtin_shufflevector(acHigh, bdHigh, 2, 6, 3, 7);
    }
}

// The weights that lead to one block of inputs, [taps, last first · channels][BLOCK], in the tile. A dense layer
// reads pixels of `outChannels` channels each.
static __attribute__((noinline)) void turn_weights(HEAP_PARAM const struct transposed *c, int32_t pixel,
                                                   int32_t block) {
  int32_t taps = c->kernel * c->kernel;
  int32_t inputs = c->outChannels - block * BLOCK < BLOCK ? c->outChannels - block * BLOCK : BLOCK;
  ptrdiff_t input = (ptrdiff_t)(c->dense ? pixel * c->outChannels : 0) + block * BLOCK;
  for (int32_t tap = 0; tap < taps; tap++)
    for (int32_t output = 0; output < c->channels; output += BLOCK) {
      ptrdiff_t row = ((ptrdiff_t)output / BLOCK * taps + tap) * c->rows + input;
      const float *from = AT(float, c->weights) + row * BLOCK;
      float *to = AT(float, c->tile) + ((ptrdiff_t)(taps - 1 - tap) * c->channels + output) * BLOCK;
      int32_t outputs = c->channels - output < BLOCK ? c->channels - output : BLOCK;
      if (inputs == BLOCK && outputs == BLOCK) {
        turn_square(from, to, from + (ptrdiff_t)taps * c->rows * BLOCK);
        continue;
      }
      for (int32_t o = 0; o < outputs; o++)
        for (int32_t i = 0; i < BLOCK; i++) to[o * BLOCK + i] = i < inputs ? from[i * BLOCK + o] : 0;
    }
}

struct gather_args {
  struct transposed from; // there are no lists, nor a tile
  ref values;             // at the outputs, [height][width][whole blocks of channels]
  ref result;             // [outHeight][outWidth][at least outChannels], `outStep` numbers a pixel
  int32_t outStep;
};

// The transposed convolution of dense values: each result sums over the channels of the outputs, whose weights lie side by
// side.
KERNEL(gather) {
  struct transposed c = a->from;
  const vf *values = AT(vf, a->values), *weights = AT(vf, c.weights);
  float *to = AT(float, a->result);
  ptrdiff_t blocks = (c.channels + BLOCK - 1) / BLOCK, taps = (ptrdiff_t)c.kernel * c.kernel;
  for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++, to += a->outStep) {
    int32_t y = pixel / c.outWidth, x = pixel % c.outWidth, first = c.dense ? pixel * c.outChannels : 0;
    struct cover cover = cover_of(&c, y, x);
    for (int32_t channel = 0; channel < c.outChannels; channel++) {
      vf sum = splat(0);
      for (int32_t oy = cover.top; oy <= cover.bottom; oy++)
        for (int32_t ox = cover.left; ox <= cover.right; ox++) {
          ptrdiff_t ky = y + c.padding - oy * c.stride, kx = x + c.padding - ox * c.stride;
          ptrdiff_t tap = c.dense ? 0 : ky * c.kernel + kx;
          const vf *from = values + ((ptrdiff_t)oy * c.width + ox) * blocks * VECS;
          for (ptrdiff_t block = 0; block < blocks; block++) {
            const vf *row = weights + ((block * taps + tap) * c.rows + first + channel) * VECS;
#pragma GCC unroll 16
            for (int v = 0; v < VECS; v++) sum += from[block * VECS + v] * row[v];
          }
        }
      float total = 0;
      for (int lane = 0; lane < LANES; lane++) total += sum[lane];
      to[channel] = total;
    }
  }
}
