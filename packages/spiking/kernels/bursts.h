// What a layer's currents are computed from: bursts. A tap is a pixel of the kernel, or a row of it where that has few
// channels; a burst is what one tap receives in one time-step. Tap after tap reads the bursts of all time-steps, so its
// weight rows stay in the first-level cache; and bursts are sorted by their length, so that the processor foresees
// where the loop over one ends.
#pragma once
#include "conv.h"

struct burst {
  uint32_t begin, count; // in the list of spikes
  uint32_t step;         // from the period's first on
};

// So many time-steps are a period: their bursts are sorted, and a pixel's currents kept, at once.
#define PERIOD 128
// A row of the kernel with at most so many channels is one tap.
#define ROW_CHANNELS 384

// The taps of a kernel: each is `span` pixels wide. Bursts are [height][columns][steps], of groups [blocks] of those.
struct taps {
  int32_t span, columns;
};

INLINE struct taps taps_of(const struct conv *c) {
  int isRow = c->kernelWidth > 1 && c->kernelWidth * c->channels <= ROW_CHANNELS;
  return (struct taps){isRow ? c->kernelWidth : 1, isRow ? c->outWidth : c->width};
}

// The bursts that a block reads.
INLINE const struct burst *block_bursts(const struct conv *c, const struct burst *bursts, int32_t block) {
  return c->grouped ? bursts + (ptrdiff_t)block * c->height * taps_of(c).columns * c->steps : bursts;
}

// One tap of an output pixel: its bursts of the period from `start` on (NULL outside of the image), and the weight row
// that entry 0 would have.
struct tap {
  const struct burst *bursts;
  ptrdiff_t row;
};

INLINE struct tap tap_at(const struct conv *c, const struct taps *taps, const struct burst *bursts, int32_t ky,
                         int32_t kx, int32_t oy, int32_t ox, int32_t start) {
  int32_t y = oy * c->strideY - c->top + ky, x = ox * c->strideX - c->left + kx;
  int32_t column = taps->span > 1 ? ox : x;
  if (y < 0 || y >= c->height || column < 0 || column >= taps->columns) return (struct tap){NULL, 0};
  return (struct tap){bursts + ((ptrdiff_t)y * taps->columns + column) * c->steps + start,
                      ((ptrdiff_t)ky * c->kernelWidth + kx - x) * c->channels};
}

INLINE int32_t period_at(const struct conv *c, int32_t start) {
  return c->steps - start < PERIOD ? c->steps - start : PERIOD;
}

// The bursts of a period by falling length; those that are empty end it. `ptr` is of the tap's first pixel at the first
// time-step.
INLINE void sort_bursts(struct burst *to, const uint32_t *ptr, ptrdiff_t ptrStep, int32_t width, int32_t steps) {
  enum { LONGEST = 127 }; // of longer ones the order matters no more
  uint8_t length[PERIOD], next[LONGEST + 1], longest = 0;
  for (int32_t i = 0; i <= LONGEST; i++) next[i] = 0;
  for (int32_t t = 0; t < steps; t++) {
    uint32_t count = ptr[t * ptrStep + width] - ptr[t * ptrStep];
    length[t] = count < LONGEST ? (uint8_t)count : LONGEST;
    longest = length[t] > longest ? length[t] : longest;
    next[length[t]]++;
  }
  uint8_t before = 0;
  for (int32_t i = longest; i >= 0; i--) {
    uint8_t bursts = next[i];
    next[i] = before;
    before += bursts;
  }
  for (int32_t t = 0; t < steps; t++) {
    uint32_t begin = ptr[t * ptrStep];
    to[next[length[t]]++] = (struct burst){begin, ptr[t * ptrStep + width] - begin, (uint32_t)t};
  }
}

struct bursts_args {
  struct conv conv;
  ref bursts; // result; [height][the larger of width and outWidth][steps] have room, of groups [blocks] of those
};

KERNEL(bursts) {
  struct conv c = a->conv;
  struct taps taps = taps_of(&c);
  struct burst *to = AT(struct burst, a->bursts);
  ptrdiff_t ptrStep = c.width + 1;
  for (int32_t y = 0, rows = (c.grouped ? c.blocks : 1) * c.height; y < rows; y++)
    for (int32_t column = 0; column < taps.columns; column++) {
      int32_t left = taps.span > 1 ? column * c.strideX - c.left : column, right = left + taps.span;
      left = left < 0 ? 0 : left < c.width ? left : c.width;
      right = right < left ? left : right < c.width ? right : c.width;
      for (int32_t start = 0; start < c.steps; start += PERIOD) {
        const uint32_t *ptr = AT(uint32_t, c.ptr) + ((ptrdiff_t)y * c.steps + start) * ptrStep + left;
        sort_bursts(to, ptr, ptrStep, right - left, period_at(&c, start));
        to += period_at(&c, start);
      }
    }
}

// Adds a tap's currents to those of the period. A function of its own: so its registers suffice.
static __attribute__((noinline)) void add_tap(vf (*currents)[VECS], const struct burst *burst, int32_t steps,
                                              const uint32_t *list, const float *weights) {
  for (const struct burst *end = burst + steps; burst < end && burst->count; burst++)
#pragma GCC unroll 2
    for (int v = 0; v < VECS; v += SUMMED) {
      vf *current = currents[burst->step] + v, sum[SUMMED];
      const uint32_t *entry = list + burst->begin;
#pragma GCC unroll 16
      for (int i = 0; i < SUMMED; i++) sum[i] = current[i];
      for (uint32_t i = 0, count = burst->count; i < count; i++)
        add_row(sum, weights + (size_t)entry[i] * BLOCK + v * LANES);
#pragma GCC unroll 16
      for (int i = 0; i < SUMMED; i++) current[i] = sum[i];
    }
}

// Adds the currents of a pixel's block in the period from `start` on.
INLINE void add_currents(vf currents[PERIOD][VECS], const struct conv *c, const struct burst *bursts,
                         const uint32_t *list, const float *weights, int32_t oy, int32_t ox, int32_t start) {
  struct taps taps = taps_of(c);
  int32_t steps = period_at(c, start);
  for (int32_t ky = 0; ky < c->kernelHeight; ky++)
    for (int32_t kx = 0; kx < c->kernelWidth; kx += taps.span) {
      struct tap tap = tap_at(c, &taps, bursts, ky, kx, oy, ox, start);
      if (tap.bursts) add_tap(currents, tap.bursts, steps, list, weights + tap.row * BLOCK);
    }
}

// The currents of a pixel's block in the period from `start` on. Of one time-step they are summed before they reach a
// membrane, in the order of the kernel: the result is that of u + I.
INLINE void currents_at(vf currents[PERIOD][VECS], const struct conv *c, const struct burst *bursts,
                        const uint32_t *list, const float *weights, int32_t oy, int32_t ox, int32_t start) {
  int32_t steps = period_at(c, start);
  for (int32_t t = 0; t < steps; t++)
    for (int v = 0; v < VECS; v++) currents[t][v] = splat(0);
  add_currents(currents, c, bursts, list, weights, oy, ox, start);
}

// Adds the currents of further inputs.
INLINE void add_others(HEAP_PARAM vf currents[PERIOD][VECS], const struct input *others, int32_t count, int32_t block,
                       int32_t oy, int32_t ox, int32_t start) {
  for (int32_t i = 0; i < count; i++) {
    struct conv c = others[i].conv;
    if (others[i].currents) {
      for (int32_t t = 0, steps = period_at(&c, start); t < steps; t++) {
        ptrdiff_t place = current_place(&c, start + t, oy * c.outWidth + ox, block);
        add_base(currents[t], AT(vf, others[i].currents) + place / LANES);
      }
      continue;
    }
    add_currents(currents, &c, block_bursts(&c, AT(struct burst, others[i].bursts), block), AT(uint32_t, c.list),
                 block_weights(&c, AT(float, c.weights), block), oy, ox, start);
  }
}
