// A layer's input for weight gradients.
#pragma once
#include "conv.h"

// For weight gradients a layer's input is sorted by entry: each weight row is loaded and stored once for UNIT spikes
// of its entry, not once for each.
#define UNIT 4
#define AHEAD 8 // so many units ahead their weight gradients are fetched
struct unit {
  uint32_t entry;
  uint16_t steps[UNIT]; // when it spiked; `steps` of the conv where there are fewer spikes
};

// The lists are made for so many time-steps at a time, whose gradients the level-1 cache holds.
#define CHUNK 128
INLINE int32_t chunks_of(int32_t steps) { return (steps + CHUNK - 1) / CHUNK; }

struct by_entry_args {
  ref ptr, list; // as in struct conv
  // Result: `unitPtr` [height][chunks][width + 1] positions in `units`, which has room for a unit for each spike.
  ref unitPtr, units;
  ref scratch; // [width · channels]
  int32_t steps, height, width, channels;
};

KERNEL(by_entry) {
  const uint32_t *list = AT(uint32_t, a->list);
  uint32_t *unitPtr = AT(uint32_t, a->unitPtr), *next = AT(uint32_t, a->scratch), n = 0;
  struct unit *units = AT(struct unit, a->units);
  ptrdiff_t ptrStep = a->width + 1, entries = (ptrdiff_t)a->width * a->channels;
  for (int32_t row = 0; row < a->height; row++)
    for (int32_t start = 0; start < a->steps; start += CHUNK) {
      int32_t end = start + CHUNK < a->steps ? start + CHUNK : a->steps;
      const uint32_t *ptr = AT(uint32_t, a->ptr) + ((ptrdiff_t)row * a->steps + start) * ptrStep;
      const uint32_t *first = list + ptr[0], *last = list + ptr[(end - start) * ptrStep - 1];
      for (ptrdiff_t i = 0; i < entries; i++) next[i] = 0;
      for (const uint32_t *entry = first; entry < last; entry++) next[*entry]++;
      for (int32_t x = 0, i = 0; x < a->width; x++) {
        *unitPtr++ = n;
        for (int32_t c = 0; c < a->channels; c++, i++) {
          uint32_t spikes = next[i];
          next[i] = n * UNIT;
          for (uint32_t k = 0; k < spikes; k += UNIT, n++) {
            units[n].entry = (uint32_t)i;
            for (int j = 0; j < UNIT; j++) units[n].steps[j] = (uint16_t)a->steps;
          }
        }
      }
      *unitPtr++ = n;
      for (int32_t t = start; t < end; t++, ptr += ptrStep)
        for (const uint32_t *entry = list + ptr[0]; entry < list + ptr[a->width]; entry++) {
          uint32_t at = next[*entry]++;
          units[at / UNIT].steps[at % UNIT] = (uint16_t)t;
        }
    }
}
