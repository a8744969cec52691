// A weighted layer, forward through all time-steps, with the membranes in registers.
#pragma once
#include "bursts.h"
#include "neuron.h"

// A second input of the same neurons, as of a residual block, with one block's weights.
struct beside {
  const struct conv *conv;
  const struct burst *bursts;
  const uint32_t *list;
  const float *weights;
};

// One block of one pixel; `beside` may be absent. Potentials before the reset go to `potentials` [steps][BLOCK], bits of spikes to
// `bits`, `bitStep` words apart; either may be absent (a constant where this is inlined).
INLINE void run_neurons(const struct conv *c, const struct burst *bursts, const uint32_t *list, const float *weights,
                        const struct beside *beside, const vf *base, const struct neuron *n, int32_t oy, int32_t ox,
                        float *potentials, uint32_t *bits, ptrdiff_t bitStep) {
  vf u[VECS], currents[PERIOD][VECS];
  for (int v = 0; v < VECS; v++) u[v] = splat(n->initial);
  for (int32_t start = 0; start < c->steps; start += PERIOD) {
    currents_at(currents, c, bursts, list, weights, oy, ox, start);
    if (beside)
      add_currents(currents, beside->conv, beside->bursts, beside->list, beside->weights, oy, ox, start);
    for (int32_t i = 0, t = start; i < period_at(c, start); i++, t++) {
      add_base(u, base);
      for (int v = 0; v < VECS; v++) u[v] += currents[i][v];
      if (potentials)
        for (int v = 0; v < VECS; v++) ((vf *)(potentials + (ptrdiff_t)t * BLOCK))[v] = u[v];
      fire(n, u, bits ? bits + t * bitStep : NULL);
    }
  }
}

struct forward_args {
  struct conv conv;
  ref bursts; // of `bursts`
  ref bits;   // result: [outHeight][steps][outWidth][blocks · BLOCK / 32]
  struct neuron neuron;
};

INLINE void forward_with(HEAP_PARAM const struct forward_args *a, struct neuron n) {
  struct conv c = a->conv;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32);
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    prefetch_block(weights, block_rows(&c) * BLOCK * 4);
    for (int32_t oy = 0; oy < c.outHeight; oy++)
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        const vf *base = base_at(&c, AT(float, c.base), oy * c.outWidth + ox, block);
        uint32_t *bits = AT(uint32_t, a->bits) +
                         ((ptrdiff_t)oy * c.steps * c.outWidth + ox) * words + block * (BLOCK / 32);
        run_neurons(&c, AT(struct burst, a->bursts), AT(uint32_t, c.list), weights, NULL, base, &n, oy, ox, NULL, bits,
                    words * c.outWidth);
      }
  }
}

// The common case has a loop of its own.
static __attribute__((noinline)) void forward_soft(HEAP_PARAM const struct forward_args *a) {
  struct neuron n = a->neuron;
  n.reset = RESET_SOFT;
  forward_with(HEAP_ARG a, n);
}

KERNEL(forward) {
  if (a->neuron.reset == RESET_SOFT)
    forward_soft(HEAP_ARG a);
  else
    forward_with(HEAP_ARG a, a->neuron);
}

struct forward_sum_args {
  struct conv conv;
  ref bursts; // of `bursts`
  struct conv beside; // of the same output; its constant current is not read
  ref besideBursts;
  ref bits; // result: [outHeight][steps][outWidth][blocks · BLOCK / 32]
  struct neuron neuron;
};

// Neurons that take the sum of two inputs.
KERNEL(forward_sum) {
  struct conv c = a->conv, other = a->beside;
  struct neuron n = a->neuron;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32);
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    struct beside beside = {&other, AT(struct burst, a->besideBursts), AT(uint32_t, other.list),
                            block_weights(&other, AT(float, other.weights), block)};
    prefetch_block(weights, block_rows(&c) * BLOCK * 4);
    for (int32_t oy = 0; oy < c.outHeight; oy++)
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        const vf *base = base_at(&c, AT(float, c.base), oy * c.outWidth + ox, block);
        uint32_t *bits = AT(uint32_t, a->bits) +
                         ((ptrdiff_t)oy * c.steps * c.outWidth + ox) * words + block * (BLOCK / 32);
        run_neurons(&c, AT(struct burst, a->bursts), AT(uint32_t, c.list), weights, &beside, base, &n, oy, ox, NULL,
                    bits, words * c.outWidth);
      }
  }
}

struct integrate_args {
  struct conv conv;
  ref bursts;     // of `bursts`
  ref recordAt;   // 1-based time-steps, ascending, [records]
  ref potentials; // result: [records][outHeight][outWidth][blocks · BLOCK]
  int32_t records;
};

// The last layer: currents summed over time, without leak or spike.
KERNEL(integrate) {
  struct conv c = a->conv;
  const uint32_t *recordAt = AT(uint32_t, a->recordAt);
  int32_t pixels = c.outHeight * c.outWidth;
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
      const vf *base = base_at(&c, AT(float, c.base), pixel, block);
      vf sum[VECS], currents[PERIOD][VECS];
      for (int v = 0; v < VECS; v++) sum[v] = splat(0);
      for (int32_t t = 0, r = 0; t < c.steps && r < a->records; t++) {
        if (t % PERIOD == 0)
          currents_at(currents, &c, AT(struct burst, a->bursts), AT(uint32_t, c.list), weights, pixel / c.outWidth,
                      pixel % c.outWidth, t);
        add_base(sum, base);
        for (int v = 0; v < VECS; v++) sum[v] += currents[t % PERIOD][v];
        if (recordAt[r] != (uint32_t)t + 1) continue;
        vf *to = AT(vf, a->potentials) + (((ptrdiff_t)r * pixels + pixel) * c.blocks + block) * VECS;
        for (int v = 0; v < VECS; v++) to[v] = sum[v];
        r++;
      }
    }
  }
}
