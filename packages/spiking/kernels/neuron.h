// Spiking neurons: BLOCK of them in registers.
#pragma once
#include "info.h"

enum { RESET_SOFT, RESET_DELAYED, RESET_HARD };

struct neuron {
  int32_t reset;
  float leak;
  float threshold;
  // The largest potential that does not fire: the threshold, or the number before it where u ≥ θ fires.
  float silent;
  // What the first time-step's input is added to: λ times the initial potential.
  float initial;
};

// The membrane that the next input is added to: λ(u − θo), λu − θo (delayed) or λu(1 − o), where `u` is the
// potential before the reset.
INLINE vf carry(const struct neuron *n, vm fired, vf u) {
  vf leak = splat(n->leak), threshold = splat(n->threshold);
  if (n->reset == RESET_SOFT) return leak * subtract_where(fired, u, threshold);
  if (n->reset == RESET_DELAYED) return subtract_where(fired, leak * u, threshold);
  return leak * drop(fired, u);
}

// One step of a block: `u`, with the step's input added, becomes the membrane for the next step; bits of the
// neurons that fire go to `words`, BLOCK / 32 of them (or nowhere).
INLINE void fire(const struct neuron *n, vf u[VECS], uint32_t *words) {
  uint32_t word = 0;
#pragma GCC unroll 16
  for (int v = 0; v < VECS; v++) {
    vm fired = greater(u[v], splat(n->silent));
    u[v] = carry(n, fired, u[v]);
    word |= lane_bits(fired) << (v * LANES % 32);
    if (words && (v + 1) * LANES % 32 == 0) {
      words[v * LANES / 32] = word;
      word = 0;
    }
  }
}
