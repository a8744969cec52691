// Linear layers: their currents go on as numbers, [steps][outHeight][outWidth][blocks · BLOCK], and are what the layers
// that take them read.
#pragma once
#include "bursts.h"

struct currents_args {
  struct conv conv;
  ref bursts; // of `bursts`
  ref others; // struct input, [count]
  int32_t count;
  ref result;
};

// A linear layer's currents, those of all its inputs and the constant one.
KERNEL(currents) {
  struct conv c = a->conv;
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
    for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++) {
      vf currents[PERIOD][VECS];
      int32_t oy = pixel / c.outWidth, ox = pixel % c.outWidth;
      for (int32_t t = 0; t < c.steps; t++) {
        if (t % PERIOD == 0) {
          currents_at(currents, &c, bursts, AT(uint32_t, c.list), weights, oy, ox, t);
          add_others(HEAP_ARG currents, AT(struct input, a->others), a->count, block, oy, ox, t);
        }
        vf *sum = currents[t % PERIOD], *to = AT(vf, a->result) + current_place(&c, t, pixel, block) / LANES;
        add_base(sum, base_at(&c, AT(float, c.base), t / c.timeSteps, pixel, block));
        for (int v = 0; v < VECS; v++) to[v] = sum[v];
      }
    }
  }
}

struct numbers_current_args {
  struct conv conv; // `channels` are those that a block reads; no lists
  ref numbers;      // [steps][height][width][stride]
  int32_t stride;   // numbers of a pixel, those between its channels and the next pixel's among them
  int32_t inputs;   // channels
  int32_t groupInputs, groupOutputs; // channels of a group
  ref result;
};

// So many vectors of a block are summed at once, each for so many time-steps: what the registers hold.
#define NUMBER_VECS (VECS < 4 ? VECS : 4)
#define NUMBER_STEPS (LANES == 16 ? 4 : 2)

// The currents of NUMBER_VECS vectors of a pixel at `steps` time-steps (a constant), from numbers `next` apart.
INLINE void sum_numbers(const struct conv *c, const float *numbers, int32_t stride, ptrdiff_t next, int32_t channels,
                        const float *weights, int32_t oy, int32_t ox, int steps, vf sum[][NUMBER_VECS]) {
  for (int t = 0; t < steps; t++)
    for (int v = 0; v < NUMBER_VECS; v++) sum[t][v] = splat(0);
  for (int32_t ky = 0; ky < c->kernelHeight; ky++)
    for (int32_t kx = 0; kx < c->kernelWidth; kx++) {
      int32_t y = oy * c->strideY - c->top + ky, x = ox * c->strideX - c->left + kx;
      if (y < 0 || y >= c->height || x < 0 || x >= c->width) continue;
      const float *pixel = numbers + ((ptrdiff_t)y * c->width + x) * stride;
      const float *row = weights + (ptrdiff_t)(ky * c->kernelWidth + kx) * c->channels * BLOCK;
      for (int32_t i = 0; i < channels; i++, row += BLOCK)
#pragma GCC unroll 4
        for (int t = 0; t < steps; t++) {
          vf number = splat(pixel[t * next + i]);
#pragma GCC unroll 4
          for (int v = 0; v < NUMBER_VECS; v++) sum[t][v] += number * ((const vf *)row)[v];
        }
    }
}

// What a convolution of numbers gives at each time-step, without a constant current.
KERNEL(numbers_current) {
  const struct numbers_current_args n = *a; // a copy that no store can change
  const struct conv c = n.conv;
  ptrdiff_t next = (ptrdiff_t)c.height * c.width * n.stride;
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    int32_t first = c.grouped ? block * BLOCK / n.groupOutputs * n.groupInputs : 0;
    int32_t channels = n.inputs - first < c.channels ? n.inputs - first : c.channels;
    for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++)
      for (int32_t t = 0; t < c.steps;) {
        int steps = c.steps - t < NUMBER_STEPS ? 1 : NUMBER_STEPS;
        const float *numbers = AT(float, n.numbers) + t * next + first;
        for (int v = 0; v < VECS; v += NUMBER_VECS) {
          vf sum[NUMBER_STEPS][NUMBER_VECS];
          if (steps == 1)
            sum_numbers(&c, numbers, n.stride, next, channels, weights + v * LANES, pixel / c.outWidth,
                        pixel % c.outWidth, 1, sum);
          else
            sum_numbers(&c, numbers, n.stride, next, channels, weights + v * LANES, pixel / c.outWidth,
                        pixel % c.outWidth, NUMBER_STEPS, sum);
          for (int i = 0; i < steps; i++) {
            vf *to = AT(vf, n.result) + current_place(&c, t + i, pixel, block) / LANES + v;
            for (int k = 0; k < NUMBER_VECS; k++) to[k] = sum[i][k];
          }
        }
        t += steps;
      }
  }
}

struct scatter_args {
  ref ptr, list; // of spikes, each of 1; of twice the channels where isSigned: the positive spikes', then the negative ones'
  ref numbers;   // result, added to: of the lists' pixels, [steps][height][width][stride], from channel `first` on
  int32_t height, steps, width, channels, stride, first, isSigned;
};

// Spikes as numbers.
KERNEL(scatter) {
  const struct scatter_args c = *a; // a copy that no store can change
  const uint32_t *ptr = AT(uint32_t, c.ptr), *list = AT(uint32_t, c.list);
  float *numbers = AT(float, c.numbers) + c.first;
  int32_t own = c.isSigned ? c.channels / 2 : c.channels;
  for (int32_t y = 0; y < c.height; y++)
    for (int32_t t = 0; t < c.steps; t++, ptr += c.width + 1)
      for (int32_t x = 0; x < c.width; x++) {
        float *to = numbers + (((ptrdiff_t)t * c.height + y) * c.width + x) * c.stride;
        for (uint32_t k = ptr[x]; k < ptr[x + 1]; k++) {
          int32_t channel = (int32_t)list[k] - x * c.channels;
          to[channel < own ? channel : channel - own] += channel < own ? 1.0f : -1.0f;
        }
      }
}
