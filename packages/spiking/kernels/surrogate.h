// The gradients that stand for the step function's.
#pragma once
#include "neuron.h"

enum { TRIANGLE, RECTANGLE, EXPONENTIAL, SPIKE_TIME, SPIKE_TRAIN };

// exp(x) for x ≤ 0: 2 to the whole part by the exponent's bits, 2 to the rest by its Taylor series.
INLINE vf exp_negative(vf x) {
  vf y = x * splat(1.44269504f);
  y = larger(y, splat(-126));
  vi whole = __builtin_convertvector(y - splat(0.5f), vi); // rounds to nearest for y ≤ 0
  vf r = (y - __builtin_convertvector(whole, vf)) * splat(0.693147181f);
  vf p = splat(1.0f / 5040);
  p = p * r + splat(1.0f / 720);
  p = p * r + splat(1.0f / 120);
  p = p * r + splat(1.0f / 24);
  p = p * r + splat(1.0f / 6);
  p = p * r + splat(0.5f);
  p = p * r + splat(1.0f);
  p = p * r + splat(1.0f);
  return p * (vf)((whole + 127) << 23);
}

struct surrogate {
  int32_t kind;
  int32_t detach; // whether the reset takes the spike as a constant
  float height;
  float inverse; // 1 / θ
  // of SPIKE_TIME: exp(−β), and the gradient at the first step; of SPIKE_TRAIN: λ, and height · ln λ
  float decay, first;
};

INLINE vf surrogate_gradient(const struct surrogate *s, const struct neuron *n, vf u) {
  vf distance = magnitude(u - splat(n->threshold)) * splat(s->inverse), height = splat(s->height);
  if (s->kind == TRIANGLE) return height * larger(splat(1) - distance, splat(0));
  if (s->kind == RECTANGLE) return keep(greater(splat(0.5f), distance), height);
  return height * exp_negative(-distance);
}

// Gradients of a block by the time since each neuron's last spike, at all steps.
INLINE void spike_time_gradients(const struct surrogate *s, const struct neuron *n, const float *potentials,
                                 float *gradients, int32_t steps) {
  for (int v = 0; v < VECS; v++) {
    vf gradient = splat(s->first);
    for (int32_t t = 0; t < steps; t++) {
      ((vf *)gradients)[t * VECS + v] = gradient;
      vm fired = greater(((const vf *)potentials)[t * VECS + v], splat(n->silent));
      gradient = splat(s->decay) * (keep(fired, splat(s->height)) + drop(fired, gradient));
    }
  }
}

// Gradients of a block by all spikes of each neuron (Lee 2020), at all steps: height + height · ln λ · a / n where it
// spikes, with a the trace of its n spikes.
INLINE void spike_train_gradients(const struct surrogate *s, const struct neuron *n, const float *potentials,
                                  float *gradients, int32_t steps) {
  for (int v = 0; v < VECS; v++) {
    vf trace = splat(0), count = splat(0);
    for (int32_t t = 0; t < steps; t++) {
      vf spike = keep(greater(((const vf *)potentials)[t * VECS + v], splat(n->silent)), splat(1));
      trace = splat(s->decay) * trace + spike;
      count += spike;
    }
    vf gradient = splat(s->height) + splat(s->first) * trace / larger(count, splat(1));
    for (int32_t t = 0; t < steps; t++) {
      vm fired = greater(((const vf *)potentials)[t * VECS + v], splat(n->silent));
      ((vf *)gradients)[t * VECS + v] = keep(fired, gradient);
    }
  }
}
