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
  // What the first time-step's input is added to: λ times the initial potential of each channel, [blocks · BLOCK].
  ref initial;
  // Whether neurons take spikes back (src/taking-back.js), and the potential below which they do. Then the reset is soft,
  // and there is no leak.
  int32_t isSigned;
  float low;
  // τ, the time-steps of the probe that moves `initial` (src/offset-spikes.js); 0 for none. Then as for signed ones.
  int32_t probeSteps;
};

// What the first time-step's input of a block is added to. A copy: a pointer into the heap would take a register from the
// loop over time.
INLINE void start_block(HEAP_PARAM vf start[VECS], const struct neuron *n, int32_t block) {
  for (int v = 0; v < VECS; v++) start[v] = AT(vf, n->initial)[block * VECS + v];
}

// What a loop over time is compiled for.
enum neurons { BINARY, SIGNED, PROBING };

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

// The same of signed neurons, with `sent`, S, the sum of what each has sent; bits of those that take a spike back go to
// `negative`.
INLINE void fire_signed(const struct neuron *n, vf u[VECS], vf sent[VECS], uint32_t *words, uint32_t *negative) {
  uint32_t word = 0, back = 0;
#pragma GCC unroll 16
  for (int v = 0; v < VECS; v++) {
    vm fired = greater(u[v], splat(n->silent));
    vm taken = both(greater(splat(n->low), u[v]), greater(sent[v], splat(0)));
    vf spike = keep(fired, splat(1)) - keep(taken, splat(1));
    sent[v] += spike;
    u[v] = subtract_where(taken, subtract_where(fired, u[v], splat(n->threshold)), splat(-n->threshold));
    word |= lane_bits(fired) << (v * LANES % 32);
    back |= lane_bits(taken) << (v * LANES % 32);
    if ((v + 1) * LANES % 32 == 0) {
      words[v * LANES / 32] = word;
      negative[v * LANES / 32] = back;
      word = back = 0;
    }
  }
}

// One step of a block's probe: `sent`, spikes so far.
INLINE void fire_probing(const struct neuron *n, vf u[VECS], vf sent[VECS]) {
#pragma GCC unroll 16
  for (int v = 0; v < VECS; v++) {
    vm fired = greater(u[v], splat(n->silent));
    u[v] = subtract_where(fired, u[v], splat(n->threshold));
    sent[v] += keep(fired, splat(1));
  }
}

// After a block's probe: `u`, what was left, becomes where its neurons start.
INLINE void move_start(const struct neuron *n, const vf first[VECS], vf u[VECS], const vf sent[VECS]) {
  for (int v = 0; v < VECS; v++) {
    vf left = u[v], spikes = sent[v], start = first[v];
    for (int32_t i = 0; i < n->probeSteps; i++) {
      vm extra = both(greater(splat(0), left), greater(spikes, splat(0)));
      vm missing = both(greater(left, splat(n->silent)), greater(splat((float)n->probeSteps), spikes));
      start = subtract_where(extra, subtract_where(missing, start, splat(-n->threshold)), splat(n->threshold));
      left = subtract_where(extra, subtract_where(missing, left, splat(n->threshold)), splat(-n->threshold));
      spikes += keep(missing, splat(1)) - keep(extra, splat(1));
    }
    u[v] = start;
  }
}
