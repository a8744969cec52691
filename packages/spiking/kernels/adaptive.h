// Adaptive spiking neurons (src/adaptive-neuron.ts): their currents have a memory, and their thresholds grow with each
// spike. Nothing else differs from forward.h.
#pragma once
#include "bursts.h"

struct adaptive {
  float currentDecay, membraneDecay, refractoryDecay, thresholdDecay;
  float growth;
  float rest; // the refractory response to a spike at rest, (1 − refractoryDecay) · ρ · θ
};

// One block of one pixel, with `count` inputs besides; `base` is of all constant currents.
INLINE void run_adaptive(HEAP_PARAM const struct conv *c, const struct burst *bursts, const uint32_t *list,
                         const float *weights, const struct input *others, int32_t count, const float *base,
                         const struct adaptive *n, int32_t oy, int32_t ox, int32_t block, uint32_t *bits,
                         ptrdiff_t bitStep) {
  vf current[VECS], membrane[VECS], refractory[VECS], adapted[VECS], currents[PERIOD][VECS];
  for (int32_t t = 0, image = 0; t < c->steps; image++) {
    const vf *constant = base_at(c, base, image, oy * c->outWidth + ox, block);
    for (int v = 0; v < VECS; v++) current[v] = membrane[v] = refractory[v] = adapted[v] = splat(0);
    for (int32_t end = t + c->timeSteps; t < end; t++, bits += bitStep) {
      if (t % PERIOD == 0) {
        currents_at(currents, c, bursts, list, weights, oy, ox, t);
        add_others(HEAP_ARG currents, others, count, block, oy, ox, t);
      }
      uint32_t word = 0;
#pragma GCC unroll 16
      for (int v = 0; v < VECS; v++) {
        current[v] = splat(n->currentDecay) * current[v] + splat(1 - n->currentDecay) * currents[t % PERIOD][v];
        vf whole = current[v];
        if (constant) whole += constant[v];
        membrane[v] = splat(n->membraneDecay) * membrane[v] + splat(1 - n->membraneDecay) * whole;
        refractory[v] *= splat(n->refractoryDecay);
        vf response = splat(n->rest) + adapted[v];
        vm fired = greater(membrane[v] - refractory[v], response * splat(0.5f));
        refractory[v] += keep(fired, response);
        adapted[v] = splat(n->thresholdDecay) * (adapted[v] + keep(fired, splat(n->growth) * response));
        word |= lane_bits(fired) << (v * LANES % 32);
        if ((v + 1) * LANES % 32 == 0) {
          bits[v * LANES / 32] = word;
          word = 0;
        }
      }
    }
  }
}

struct forward_adaptive_args {
  struct conv conv;
  ref bursts; // of `bursts`
  ref others; // struct input, [count]
  int32_t count;
  ref bits; // result: [outHeight][steps][outWidth][blocks · BLOCK / 32]
  struct adaptive neuron;
};

KERNEL(forward_adaptive) {
  struct conv c = a->conv;
  struct adaptive n = a->neuron;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32);
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
    prefetch_block(weights, block_rows(&c) * BLOCK * 4);
    for (int32_t oy = 0; oy < c.outHeight; oy++)
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        uint32_t *bits = AT(uint32_t, a->bits) +
                         ((ptrdiff_t)oy * c.steps * c.outWidth + ox) * words + block * (BLOCK / 32);
        run_adaptive(HEAP_ARG &c, bursts, AT(uint32_t, c.list), weights, AT(struct input, a->others), a->count,
                     AT(float, c.base), &n, oy, ox, block, bits, words * c.outWidth);
      }
  }
}

struct integrate_filtered_args {
  struct conv conv;
  ref bursts;   // of `bursts`
  ref recordAt; // 1-based time-steps of an image, ascending, [records]
  ref currents; // result: [images][records][outHeight][outWidth][blocks · BLOCK]
  int32_t records;
  float currentDecay;
};

// The last layer's filtered current, at some time-steps.
KERNEL(integrate_filtered) {
  struct conv c = a->conv;
  const uint32_t *recordAt = AT(uint32_t, a->recordAt);
  int32_t pixels = c.outHeight * c.outWidth;
  vf kept = splat(a->currentDecay), added = splat(1 - a->currentDecay);
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
      vf current[VECS], currents[PERIOD][VECS], *to = AT(vf, a->currents) + ((ptrdiff_t)pixel * c.blocks + block) * VECS;
      for (int32_t t = 0, image = 0; t < c.steps; image++) {
        const vf *constant = base_at(&c, AT(float, c.base), image, pixel, block);
        for (int v = 0; v < VECS; v++) current[v] = splat(0);
        for (int32_t step = 1, r = 0; step <= c.timeSteps; step++, t++) {
          if (t % PERIOD == 0)
            currents_at(currents, &c, bursts, AT(uint32_t, c.list), weights, pixel / c.outWidth, pixel % c.outWidth, t);
          for (int v = 0; v < VECS; v++) current[v] = kept * current[v] + added * currents[t % PERIOD][v];
          if (r == a->records || (int32_t)recordAt[r] != step) continue;
          for (int v = 0; v < VECS; v++) to[v] = current[v];
          add_base(to, constant);
          to += (ptrdiff_t)pixels * c.blocks * VECS;
          r++;
        }
      }
    }
  }
}
