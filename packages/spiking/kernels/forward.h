// A weighted layer, forward through all time-steps, with the membranes in registers.
#pragma once
#include "bursts.h"
#include "neuron.h"

// The currents of the period that a time-step is in.
INLINE void period_currents(HEAP_PARAM vf currents[PERIOD][VECS], const struct conv *c, const struct burst *bursts,
                            const uint32_t *list, const float *weights, const struct input *others, int32_t count,
                            int32_t block, int32_t oy, int32_t ox, int32_t t) {
  int32_t start = t - t % PERIOD;
  currents_at(currents, c, bursts, list, weights, oy, ox, start);
  add_others(HEAP_ARG currents, others, count, block, oy, ox, start);
}

// The probe of an image's neurons, from its first time-step on: `u` becomes where they start.
INLINE void probe_neurons(HEAP_PARAM vf u[VECS], vf currents[PERIOD][VECS], const struct conv *c,
                          const struct burst *bursts, const uint32_t *list, const float *weights,
                          const struct input *others, int32_t count, const vf *constant, const struct neuron *n,
                          const vf start[VECS], int32_t block, int32_t oy, int32_t ox, int32_t first) {
  vf sent[VECS];
  for (int v = 0; v < VECS; v++) sent[v] = splat(0);
  for (int32_t t = first; t < first + n->probeSteps; t++) {
    if (t == first || t % PERIOD == 0)
      period_currents(HEAP_ARG currents, c, bursts, list, weights, others, count, block, oy, ox, t);
    add_base(u, constant);
    for (int v = 0; v < VECS; v++) u[v] += currents[t % PERIOD][v];
    fire_probing(n, u, sent);
  }
  move_start(n, start, u, sent);
}

// One block of one pixel, with `count` inputs besides (a constant where this is inlined). `base` is of all constant currents. Potentials before the reset go to
// `potentials` [steps][BLOCK], bits of spikes to `bits`, `bitStep` words apart; either may be absent (a constant where
// this is inlined). `kind` is a constant, too; of signed neurons the bits of negative spikes are a map further on.
INLINE void run_neurons(HEAP_PARAM const struct conv *c, const struct burst *bursts, const uint32_t *list,
                        const float *weights, const struct input *others, int32_t count, const float *base,
                        const struct neuron *n, const vf start[VECS], int32_t oy, int32_t ox, int32_t block,
                        float *potentials, uint32_t *bits, ptrdiff_t bitStep, enum neurons kind) {
  vf u[VECS], sent[VECS], currents[PERIOD][VECS];
  ptrdiff_t negative = kind == SIGNED ? map_words(c) : 0;
  for (int32_t t = 0, image = 0; t < c->steps; image++) {
    const vf *constant = base_at(c, base, image, oy * c->outWidth + ox, block);
    for (int v = 0; v < VECS; v++) u[v] = start[v];
    if (kind == SIGNED)
      for (int v = 0; v < VECS; v++) sent[v] = splat(0);
    if (kind == PROBING)
      probe_neurons(HEAP_ARG u, currents, c, bursts, list, weights, others, count, constant, n, start, block, oy, ox,
                    t);
    for (int32_t first = t, end = t + c->timeSteps; t < end; t++) {
      if (t % PERIOD == 0 || (kind == PROBING && t == first))
        period_currents(HEAP_ARG currents, c, bursts, list, weights, others, count, block, oy, ox, t);
      add_base(u, constant);
      for (int v = 0; v < VECS; v++) u[v] += currents[t % PERIOD][v];
      if (potentials)
        for (int v = 0; v < VECS; v++) ((vf *)(potentials + (ptrdiff_t)t * BLOCK))[v] = u[v];
      if (kind == SIGNED)
        fire_signed(n, u, sent, bits + t * bitStep, bits + t * bitStep + negative);
      else
        fire(n, u, bits ? bits + t * bitStep : NULL);
    }
  }
}

struct forward_args {
  struct conv conv;
  ref bursts; // of `bursts`
  // Result: a map of bits, [outHeight][steps][outWidth][blocks · BLOCK / 32]; of signed neurons one of positive spikes, and
  // one of negative ones behind it.
  ref bits;
  struct neuron neuron;
};

INLINE void forward_with(HEAP_PARAM const struct forward_args *a, const struct input *others, int32_t count,
                         struct neuron n, enum neurons kind) {
  struct conv c = a->conv;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32);
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
    vf start[VECS];
    start_block(HEAP_ARG start, &n, block);
    prefetch_block(weights, block_rows(&c) * BLOCK * 4);
    for (int32_t oy = 0; oy < c.outHeight; oy++)
      for (int32_t ox = 0; ox < c.outWidth; ox++) {
        uint32_t *bits = AT(uint32_t, a->bits) +
                         ((ptrdiff_t)oy * c.steps * c.outWidth + ox) * words + block * (BLOCK / 32);
        run_neurons(HEAP_ARG &c, bursts, AT(uint32_t, c.list), weights, others, count, AT(float, c.base), &n, start,
                    oy, ox, block, NULL, bits, words * c.outWidth, kind);
      }
  }
}

// The common case has a loop of its own, and so have signed neurons, and those with a probe.
static __attribute__((noinline)) void forward_soft(HEAP_PARAM const struct forward_args *a) {
  struct neuron n = a->neuron;
  n.reset = RESET_SOFT;
  forward_with(HEAP_ARG a, NULL, 0, n, BINARY);
}

static __attribute__((noinline)) void forward_signed(HEAP_PARAM const struct forward_args *a) {
  forward_with(HEAP_ARG a, NULL, 0, a->neuron, SIGNED);
}

static struct neuron leakless_floats(struct neuron n) {
  n.reset = RESET_SOFT;
  n.leak = 1;
  return n;
}

static __attribute__((noinline)) void forward_probing(HEAP_PARAM const struct forward_args *a) {
  forward_with(HEAP_ARG a, NULL, 0, leakless_floats(a->neuron), PROBING);
}

KERNEL(forward) {
  if (a->neuron.isSigned)
    forward_signed(HEAP_ARG a);
  else if (a->neuron.probeSteps)
    forward_probing(HEAP_ARG a);
  else if (a->neuron.reset == RESET_SOFT)
    forward_soft(HEAP_ARG a);
  else
    forward_with(HEAP_ARG a, NULL, 0, a->neuron, BINARY);
}

struct forward_sum_args {
  struct forward_args first;
  ref others; // struct input, [count]
  int32_t count;
};

static __attribute__((noinline)) void forward_sum_signed(HEAP_PARAM const struct forward_sum_args *a) {
  forward_with(HEAP_ARG &a->first, AT(struct input, a->others), a->count, a->first.neuron, SIGNED);
}

static __attribute__((noinline)) void forward_sum_probing(HEAP_PARAM const struct forward_sum_args *a) {
  forward_with(HEAP_ARG &a->first, AT(struct input, a->others), a->count, leakless_floats(a->first.neuron), PROBING);
}

// Neurons that take the sum of several inputs.
KERNEL(forward_sum) {
  if (a->first.neuron.isSigned)
    forward_sum_signed(HEAP_ARG a);
  else if (a->first.neuron.probeSteps)
    forward_sum_probing(HEAP_ARG a);
  else
    forward_with(HEAP_ARG &a->first, AT(struct input, a->others), a->count, a->first.neuron, BINARY);
}

struct integrate_args {
  struct conv conv;
  ref bursts;     // of `bursts`
  ref recordAt;   // 1-based time-steps of an image, ascending, [records]
  ref potentials; // result: [images][records][outHeight][outWidth][blocks · BLOCK]
  int32_t records;
};

// The last layer: currents summed over time, without leak or spike.
KERNEL(integrate) {
  struct conv c = a->conv;
  const uint32_t *recordAt = AT(uint32_t, a->recordAt);
  int32_t pixels = c.outHeight * c.outWidth;
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
      vf sum[VECS], currents[PERIOD][VECS], *to = AT(vf, a->potentials) + ((ptrdiff_t)pixel * c.blocks + block) * VECS;
      for (int32_t t = 0, image = 0; t < c.steps; image++) {
        const vf *base = base_at(&c, AT(float, c.base), image, pixel, block);
        for (int v = 0; v < VECS; v++) sum[v] = splat(0);
        for (int32_t step = 1, r = 0; step <= c.timeSteps; step++, t++) {
          if (t % PERIOD == 0)
            currents_at(currents, &c, bursts, AT(uint32_t, c.list), weights, pixel / c.outWidth, pixel % c.outWidth, t);
          add_base(sum, base);
          for (int v = 0; v < VECS; v++) sum[v] += currents[t % PERIOD][v];
          if (r == a->records || (int32_t)recordAt[r] != step) continue;
          for (int v = 0; v < VECS; v++) to[v] = sum[v];
          to += (ptrdiff_t)pixels * c.blocks * VECS;
          r++;
        }
      }
    }
  }
}
