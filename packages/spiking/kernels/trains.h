// A layer's input for weight gradients: spike trains. A train is all spikes of one entry, so each weight row is loaded and
// stored once for all of them.
#pragma once
#include "conv.h"

struct train {
  uint32_t entry;
  uint32_t begin, count; // in the list of time-steps
};

#define AHEAD 8 // so many trains ahead their weight gradients are fetched

// The lists are made for so many time-steps at a time, whose gradients the level-1 cache holds.
#define CHUNK 128
INLINE int32_t chunks_of(int32_t steps) { return (steps + CHUNK - 1) / CHUNK; }

struct trains_args {
  ref ptr, list; // as in struct conv
  // Result: `trainPtr` [height][chunks][width + 1] positions in `trains`, those of a pixel by falling length; `times`,
  // 16 bits each. Trains and times have room for the number of spikes.
  ref trainPtr, trains, times;
  ref scratch; // [width · channels]
  int32_t steps, height, width, channels;
};

// The trains of a pixel's entries, from `first` on, by falling length: then the processor foresees where the loop over
// one ends. `spikes` are their lengths, and become positions of times, from `begin` on. Returns how many trains.
INLINE uint32_t sort_trains(struct train *to, uint32_t *spikes, uint32_t first, int32_t channels, uint32_t begin) {
  enum { LONGEST = 127 }; // of longer ones the order matters no more
  uint32_t next[LONGEST + 1] = {0}, trains = 0;
  for (int32_t c = 0; c < channels; c++) next[spikes[c] < LONGEST ? spikes[c] : LONGEST]++;
  for (int32_t length = LONGEST; length > 0; length--) {
    uint32_t count = next[length];
    next[length] = trains;
    trains += count;
  }
  for (int32_t c = 0; c < channels; c++) {
    uint32_t count = spikes[c];
    if (!count) continue;
    to[next[count < LONGEST ? count : LONGEST]++] = (struct train){first + (uint32_t)c, begin, count};
    spikes[c] = begin;
    begin += count;
  }
  return trains;
}

KERNEL(trains) {
  const uint32_t *list = AT(uint32_t, a->list);
  uint32_t *trainPtr = AT(uint32_t, a->trainPtr), *next = AT(uint32_t, a->scratch), n = 0, begin = 0;
  struct train *trains = AT(struct train, a->trains);
  uint16_t *times = AT(uint16_t, a->times);
  ptrdiff_t ptrStep = a->width + 1, entries = (ptrdiff_t)a->width * a->channels;
  for (int32_t row = 0; row < a->height; row++)
    for (int32_t start = 0; start < a->steps; start += CHUNK) {
      int32_t end = start + CHUNK < a->steps ? start + CHUNK : a->steps;
      const uint32_t *ptr = AT(uint32_t, a->ptr) + ((ptrdiff_t)row * a->steps + start) * ptrStep;
      const uint32_t *from = list + ptr[0], *to = list + ptr[(end - start) * ptrStep - 1];
      for (ptrdiff_t i = 0; i < entries; i++) next[i] = 0;
      for (const uint32_t *entry = from; entry < to; entry++) next[*entry]++;
      for (int32_t x = 0; x < a->width; x++) {
        *trainPtr++ = n;
        ptrdiff_t first = (ptrdiff_t)x * a->channels;
        uint32_t spikes = 0;
        for (int32_t c = 0; c < a->channels; c++) spikes += next[first + c];
        n += sort_trains(trains + n, next + first, (uint32_t)first, a->channels, begin);
        begin += spikes;
      }
      *trainPtr++ = n;
      for (int32_t t = start; t < end; t++, ptr += ptrStep)
        for (const uint32_t *entry = list + ptr[0]; entry < list + ptr[a->width]; entry++)
          times[next[*entry]++] = (uint16_t)t;
    }
}
