// The random numbers of src/noise.ts: a hash of (seed, image, time-step or layer, unit).
#pragma once
#include <stdint.h>
#include "vec.h"

INLINE uint32_t mix(uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

INLINE uint32_t noise_key(uint32_t seed, uint32_t image, uint32_t index) {
  return mix(mix(mix(seed) ^ image) + index);
}

// mix(unit + ...), the part of the hash that depends on the unit alone.
INLINE uint32_t unit_hash(uint32_t unit) { return mix(unit + 0x9e3779b9u); }

INLINE uint32_t uniform24(uint32_t key, uint32_t hash) { return mix(key ^ hash) >> 8; }
