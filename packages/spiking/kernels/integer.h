// Integer mode (src/integer.ts): weights of 16 bits, currents and membranes of 32, the same bits on every machine.
#pragma once
#include "bursts.h"
#include "neuron.h"
#include "pack.h"

typedef int16_t vs __attribute__((vector_size(LANES * 4)));
#define SHORT_VECS (VECS / 2)

// A membrane stays within ± this.
#define INT_LIMIT (1 << 30)
// So many blocks are computed at once where their weights fit into the second-level cache.
#define BLOCKS_INT (LANES == 16 ? 2 : 1)
#define CACHED_ROWS 3072
// So many weights of at most 1023 fit into 16 bits.
#define FLUSH 32

INLINE vi splat_int(int32_t x) { return x - (vi){0}; }

#if defined(__AVX512F__)
INLINE vm greater_int(vi a, vi b) { return _mm512_cmpgt_epi32_mask((__m512i)a, (__m512i)b); }
INLINE vi clamp_int(vi a) {
  __m512i low = _mm512_set1_epi32(-INT_LIMIT), high = _mm512_set1_epi32(INT_LIMIT);
  return (vi)_mm512_min_epi32(_mm512_max_epi32((__m512i)a, low), high);
}
INLINE vi keep_int(vm m, vi x) { return (vi)_mm512_maskz_mov_epi32(m, (__m512i)x); }
INLINE vi drop_int(vm m, vi x) { return (vi)_mm512_maskz_mov_epi32((vm)~m, (__m512i)x); }
#else
INLINE vm greater_int(vi a, vi b) { return a > b; }
INLINE vi clamp_int(vi a) {
  vi low = splat_int(-INT_LIMIT), high = splat_int(INT_LIMIT), under = a < low, over = a > high;
  a = (under & low) | (~under & a);
  return (over & high) | (~over & a);
}
INLINE vi keep_int(vm m, vi x) { return m & x; }
INLINE vi drop_int(vm m, vi x) { return ~m & x; }
#endif

// The lower and the upper half of a vector of 16 bits, as 32.
#if defined(__AVX512F__)
INLINE vi lower(vs x) { return (vi)_mm512_cvtepi16_epi32(_mm512_castsi512_si256((__m512i)x)); }
INLINE vi upper(vs x) { return (vi)_mm512_cvtepi16_epi32(_mm512_extracti64x4_epi64((__m512i)x, 1)); }
#elif defined(__AVX2__)
INLINE vi lower(vs x) { return (vi)_mm256_cvtepi16_epi32(_mm256_castsi256_si128((__m256i)x)); }
INLINE vi upper(vs x) { return (vi)_mm256_cvtepi16_epi32(_mm256_extracti128_si256((__m256i)x, 1)); }
#elif defined(__SSE2__)
INLINE vi lower(vs x) { return (vi)_mm_srai_epi32(_mm_unpacklo_epi16((__m128i)x, (__m128i)x), 16); }
INLINE vi upper(vs x) { return (vi)_mm_srai_epi32(_mm_unpackhi_epi16((__m128i)x, (__m128i)x), 16); }
#elif defined(__clang__)
INLINE vi lower(vs x) { return __builtin_convertvector(__builtin_shufflevector(x, x, 0, 1, 2, 3), vi); }
INLINE vi upper(vs x) { return __builtin_convertvector(__builtin_shufflevector(x, x, 4, 5, 6, 7), vi); }
#else
INLINE vi lower(vs x) { return (vi){x[0], x[1], x[2], x[3]}; }
INLINE vi upper(vs x) { return (vi){x[4], x[5], x[6], x[7]}; }
#endif

// Adds the sums of 16 bits to the ones of 32, and sets them to 0; `blocks` of them, a constant.
INLINE void widen(vi *sum, vs *part, int blocks) {
#pragma GCC unroll 16
  for (int v = 0; v < blocks * SHORT_VECS; v++) {
    sum[2 * v] += lower(part[v]);
    sum[2 * v + 1] += upper(part[v]);
    part[v] = (vs){0};
  }
}

// `next`: from a block's weights to the next block's.
INLINE void add_row_int(vs *part, const int16_t *row, ptrdiff_t next, int blocks) {
#pragma GCC unroll 2
  for (int b = 0; b < blocks; b++) {
    const vs *weight = (const vs *)(row + b * next);
#pragma GCC unroll 16
    for (int v = 0; v < SHORT_VECS; v++) part[b * SHORT_VECS + v] += weight[v];
  }
}

// Adds a tap's currents to those of the period, [steps][blocks · VECS]; see add_tap.
INLINE void add_tap_int(vi *currents, const struct burst *burst, int32_t steps, const uint32_t *list,
                        const int16_t *weights, ptrdiff_t next, int blocks) {
  for (const struct burst *end = burst + steps; burst < end && burst->count; burst++) {
    vi *current = currents + (ptrdiff_t)burst->step * blocks * VECS;
    const uint32_t *entry = list + burst->begin;
    for (uint32_t i = 0, count = burst->count; i < count;) {
      vs part[BLOCKS_INT * SHORT_VECS];
      for (int v = 0; v < blocks * SHORT_VECS; v++) part[v] = (vs){0};
      for (uint32_t stop = count - i < FLUSH ? count : i + FLUSH; i < stop; i++)
        add_row_int(part, weights + (size_t)entry[i] * BLOCK, next, blocks);
      widen(current, part, blocks);
    }
  }
}

static __attribute__((noinline)) void add_tap_of_one(vi *currents, const struct burst *burst, int32_t steps,
                                                     const uint32_t *list, const int16_t *weights) {
  add_tap_int(currents, burst, steps, list, weights, 0, 1);
}

static __attribute__((noinline)) void add_tap_of_all(vi *currents, const struct burst *burst, int32_t steps,
                                                     const uint32_t *list, const int16_t *weights, ptrdiff_t next) {
  add_tap_int(currents, burst, steps, list, weights, next, BLOCKS_INT);
}

// Adds the currents of a pixel in the period from `start` on, of one block or of BLOCKS_INT.
INLINE void add_currents_int(vi *currents, const struct conv *c, const struct burst *bursts, const uint32_t *list,
                             const int16_t *weights, ptrdiff_t next, int blocks, int32_t oy, int32_t ox,
                             int32_t start) {
  struct taps taps = taps_of(c);
  int32_t steps = period_at(c, start);
  for (int32_t ky = 0; ky < c->kernelHeight; ky++)
    for (int32_t kx = 0; kx < c->kernelWidth; kx += taps.span) {
      struct tap tap = tap_at(c, &taps, bursts, ky, kx, oy, ox, start);
      if (!tap.bursts) continue;
      if (blocks == 1)
        add_tap_of_one(currents, tap.bursts, steps, list, weights + tap.row * BLOCK);
      else
        add_tap_of_all(currents, tap.bursts, steps, list, weights + tap.row * BLOCK, next);
    }
}

// The currents of a pixel; see currents_at.
INLINE void currents_int_at(vi *currents, const struct conv *c, const struct burst *bursts, const uint32_t *list,
                            const int16_t *weights, ptrdiff_t next, int blocks, int32_t oy, int32_t ox,
                            int32_t start) {
  int32_t steps = period_at(c, start);
  for (int32_t i = 0; i < steps * blocks * VECS; i++) currents[i] = splat_int(0);
  add_currents_int(currents, c, bursts, list, weights, next, blocks, oy, ox, start);
}

INLINE const vi *base_int_at(const struct conv *c, const int32_t *all, int32_t image, int32_t pixel, int32_t block) {
  return (const vi *)base_at(c, (const float *)all, image, pixel, block);
}

INLINE void add_base_int(vi *sum, const vi *base, int blocks) {
  if (base)
    for (int v = 0; v < blocks * VECS; v++) sum[v] += base[v];
}

INLINE const int16_t *block_weights_int(const struct conv *c, const int16_t *weights, int32_t block) {
  return weights + block * block_rows(c) * BLOCK;
}

// Whether the weights of BLOCKS_INT blocks fit into the cache, which read the same lists.
INLINE int fit_together(const struct conv *c, const struct input *others, int32_t count) {
  ptrdiff_t rows = block_rows(c);
  int grouped = c->grouped;
  for (int32_t i = 0; i < count; i++) {
    rows += block_rows(&others[i].conv);
    grouped |= others[i].conv.grouped;
  }
  return rows <= CACHED_ROWS && !grouped;
}

// Adds the currents of further inputs.
INLINE void add_others_int(HEAP_PARAM vi *currents, const struct input *others, int32_t count, int32_t block,
                           int blocks, int32_t oy, int32_t ox, int32_t start) {
  for (int32_t i = 0; i < count; i++) {
    struct conv c = others[i].conv;
    if (others[i].currents) {
      for (int32_t t = 0, steps = period_at(&c, start); t < steps; t++) {
        ptrdiff_t place = current_place(&c, start + t, oy * c.outWidth + ox, block);
        add_base_int(currents + t * blocks * VECS, AT(vi, others[i].currents) + place / LANES, blocks);
      }
      continue;
    }
    add_currents_int(currents, &c, block_bursts(&c, AT(struct burst, others[i].bursts), block), AT(uint32_t, c.list),
                     block_weights_int(&c, AT(int16_t, c.weights), block), block_rows(&c) * BLOCK, blocks, oy, ox,
                     start);
  }
}

struct neuron_int {
  int32_t reset;
  int32_t leak; // λ · 2¹⁵
  int32_t threshold;
  int32_t silent; // the largest potential that does not fire
  ref initial; // what the first time-step's input is added to, as in struct neuron
  int32_t isSigned, low, probeSteps; // as in struct neuron
};

// λu, rounded, halves up, without a product of more than 32 bits.
INLINE vi leak_int(const struct neuron_int *n, vi u) {
  if (n->leak == 1 << 15) return u;
  return (u >> 15) * n->leak + (((u & 0x7fff) * n->leak + (1 << 14)) >> 15);
}

INLINE vi carry_int(const struct neuron_int *n, vm fired, vi u) {
  vi threshold = keep_int(fired, splat_int(n->threshold));
  if (n->reset == RESET_SOFT) return leak_int(n, u - threshold);
  if (n->reset == RESET_DELAYED) return leak_int(n, u) - threshold;
  return leak_int(n, drop_int(fired, u));
}

struct forward_int_args {
  struct conv conv; // weights of 16 bits, constant currents of 32
  ref bursts, bits; // as for `forward`
  struct neuron_int neuron;
};

// After the probe of a vector of neurons: from where they started it, what was left and the spikes to where they start.
INLINE vi moved_start_int(const struct neuron_int *n, vi start, vi left, vi spikes) {
  vi threshold = splat_int(n->threshold), one = splat_int(1);
  for (int32_t i = 0; i < n->probeSteps; i++) {
    vm extra = both(greater_int(splat_int(0), left), greater_int(spikes, splat_int(0)));
    vm missing = both(greater_int(left, splat_int(n->silent)), greater_int(splat_int(n->probeSteps), spikes));
    vi by = keep_int(missing, threshold) - keep_int(extra, threshold);
    start = clamp_int(start + by);
    left = clamp_int(left - by);
    spikes += keep_int(missing, one) - keep_int(extra, one);
  }
  return start;
}

// The currents of the period that a time-step is in.
INLINE void period_currents_int(HEAP_PARAM vi *currents, const struct conv *c, const struct burst *bursts,
                                const int16_t *weights, ptrdiff_t next, const struct input *others, int32_t count,
                                int32_t block, int blocks, int32_t oy, int32_t ox, int32_t t) {
  int32_t start = t - t % PERIOD;
  currents_int_at(currents, c, bursts, AT(uint32_t, c->list), weights, next, blocks, oy, ox, start);
  add_others_int(HEAP_ARG currents, others, count, block, blocks, oy, ox, start);
}

// As probe_neurons (forward.h).
INLINE void probe_neurons_int(HEAP_PARAM vi *u, vi *currents, const struct conv *c, const struct burst *bursts,
                              const int16_t *weights, ptrdiff_t next, const struct input *others, int32_t count,
                              const vi *base, const struct neuron_int *n, const vi *start, int32_t block, int blocks,
                              int32_t oy, int32_t ox, int32_t first) {
  vi sent[BLOCKS_INT * VECS];
  for (int v = 0; v < blocks * VECS; v++) sent[v] = splat_int(0);
  for (int32_t t = first; t < first + n->probeSteps; t++) {
    if (t == first || t % PERIOD == 0)
      period_currents_int(HEAP_ARG currents, c, bursts, weights, next, others, count, block, blocks, oy, ox, t);
    add_base_int(u, base, blocks);
#pragma GCC unroll 16
    for (int v = 0; v < blocks * VECS; v++) {
      u[v] = clamp_int(u[v] + currents[t % PERIOD * blocks * VECS + v]);
      vm fired = greater_int(u[v], splat_int(n->silent));
      sent[v] += keep_int(fired, splat_int(1));
      u[v] = carry_int(n, fired, u[v]);
    }
  }
  for (int v = 0; v < blocks * VECS; v++) u[v] = moved_start_int(n, start[v], u[v], sent[v]);
}

// `blocks` and `kind` are constants.
INLINE void forward_blocks_int(HEAP_PARAM const struct forward_int_args *a, const struct input *others, int32_t count,
                               struct neuron_int n, int32_t block, int blocks, enum neurons kind) {
  struct conv c = a->conv;
  const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
  const int16_t *weights = block_weights_int(&c, AT(int16_t, c.weights), block);
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32), next = block_rows(&c) * BLOCK;
  ptrdiff_t negative = kind == SIGNED ? map_words(&c) : 0;
  vi start[BLOCKS_INT * VECS];
  for (int v = 0; v < blocks * VECS; v++) start[v] = AT(vi, a->neuron.initial)[block * VECS + v];
  prefetch_block(weights, blocks * next * 2);
  for (int32_t oy = 0; oy < c.outHeight; oy++)
    for (int32_t ox = 0; ox < c.outWidth; ox++) {
      vi u[BLOCKS_INT * VECS], sent[BLOCKS_INT * VECS], currents[PERIOD * BLOCKS_INT * VECS];
      uint32_t *bits = AT(uint32_t, a->bits) +
                       ((ptrdiff_t)oy * c.steps * c.outWidth + ox) * words + block * (BLOCK / 32);
      for (int32_t t = 0, image = 0; t < c.steps; image++) {
        const vi *base = base_int_at(&c, AT(int32_t, c.base), image, oy * c.outWidth + ox, block);
        for (int v = 0; v < blocks * VECS; v++) u[v] = start[v];
        if (kind == SIGNED)
          for (int v = 0; v < blocks * VECS; v++) sent[v] = splat_int(0);
        if (kind == PROBING)
          probe_neurons_int(HEAP_ARG u, currents, &c, bursts, weights, next, others, count, base, &n, start, block,
                            blocks, oy, ox, t);
        for (int32_t first = t, end = t + c.timeSteps; t < end; t++, bits += words * c.outWidth) {
          if (t % PERIOD == 0 || (kind == PROBING && t == first))
            period_currents_int(HEAP_ARG currents, &c, bursts, weights, next, others, count, block, blocks, oy, ox, t);
          add_base_int(u, base, blocks);
          uint32_t word = 0, back = 0;
#pragma GCC unroll 16
          for (int v = 0; v < blocks * VECS; v++) {
            u[v] = clamp_int(u[v] + currents[t % PERIOD * blocks * VECS + v]);
            vm fired = greater_int(u[v], splat_int(n.silent));
            if (kind == SIGNED) {
              vm taken = both(greater_int(splat_int(n.low), u[v]), greater_int(sent[v], splat_int(0)));
              u[v] += keep_int(taken, splat_int(n.threshold));
              sent[v] += keep_int(fired, splat_int(1)) - keep_int(taken, splat_int(1));
              back |= lane_bits(taken) << (v * LANES % 32);
            }
            u[v] = carry_int(&n, fired, u[v]);
            word |= lane_bits(fired) << (v * LANES % 32);
            if ((v + 1) * LANES % 32 == 0) {
              bits[v * LANES / 32] = word;
              if (kind == SIGNED) bits[negative + v * LANES / 32] = back;
              word = back = 0;
            }
          }
        }
      }
    }
}

INLINE void forward_int_with(HEAP_PARAM const struct forward_int_args *a, const struct input *others, int32_t count,
                             struct neuron_int n, enum neurons kind) {
  int32_t block = 0, blocks = a->conv.blocks;
  if (BLOCKS_INT > 1 && fit_together(&a->conv, others, count))
    for (; block + BLOCKS_INT <= blocks; block += BLOCKS_INT)
      forward_blocks_int(HEAP_ARG a, others, count, n, block, BLOCKS_INT, kind);
  for (; block < blocks; block++) forward_blocks_int(HEAP_ARG a, others, count, n, block, 1, kind);
}

INLINE struct neuron_int leakless(struct neuron_int n) {
  n.reset = RESET_SOFT;
  n.leak = 1 << 15;
  return n;
}

// The common case has a loop of its own, and so have signed neurons, and those with a probe.
static __attribute__((noinline)) void forward_int_soft(HEAP_PARAM const struct forward_int_args *a) {
  forward_int_with(HEAP_ARG a, NULL, 0, leakless(a->neuron), BINARY);
}

static __attribute__((noinline)) void forward_int_signed(HEAP_PARAM const struct forward_int_args *a) {
  forward_int_with(HEAP_ARG a, NULL, 0, leakless(a->neuron), SIGNED);
}

static __attribute__((noinline)) void forward_int_probing(HEAP_PARAM const struct forward_int_args *a) {
  forward_int_with(HEAP_ARG a, NULL, 0, leakless(a->neuron), PROBING);
}

KERNEL(forward_int) {
  if (a->neuron.isSigned)
    forward_int_signed(HEAP_ARG a);
  else if (a->neuron.probeSteps)
    forward_int_probing(HEAP_ARG a);
  else if (a->neuron.reset == RESET_SOFT && a->neuron.leak == 1 << 15)
    forward_int_soft(HEAP_ARG a);
  else
    forward_int_with(HEAP_ARG a, NULL, 0, a->neuron, BINARY);
}

struct forward_int_sum_args {
  struct forward_int_args first;
  ref others; // struct input, [count]
  int32_t count;
};

static __attribute__((noinline)) void forward_int_sum_signed(HEAP_PARAM const struct forward_int_sum_args *a) {
  forward_int_with(HEAP_ARG &a->first, AT(struct input, a->others), a->count, leakless(a->first.neuron), SIGNED);
}

static __attribute__((noinline)) void forward_int_sum_probing(HEAP_PARAM const struct forward_int_sum_args *a) {
  forward_int_with(HEAP_ARG &a->first, AT(struct input, a->others), a->count, leakless(a->first.neuron), PROBING);
}

// Neurons that take the sum of several inputs.
KERNEL(forward_int_sum) {
  if (a->first.neuron.isSigned)
    forward_int_sum_signed(HEAP_ARG a);
  else if (a->first.neuron.probeSteps)
    forward_int_sum_probing(HEAP_ARG a);
  else
    forward_int_with(HEAP_ARG &a->first, AT(struct input, a->others), a->count, a->first.neuron, BINARY);
}

struct integrate_int_args {
  struct conv conv;
  ref bursts, recordAt, potentials; // as for `integrate`; potentials of 32 bits
  int32_t records;
};

KERNEL(integrate_int) {
  struct conv c = a->conv;
  const uint32_t *recordAt = AT(uint32_t, a->recordAt);
  int32_t pixels = c.outHeight * c.outWidth;
  for (int32_t block = 0; block < c.blocks; block++)
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
      const int16_t *weights = block_weights_int(&c, AT(int16_t, c.weights), block);
      const struct burst *bursts = block_bursts(&c, AT(struct burst, a->bursts), block);
      vi sum[VECS], currents[PERIOD * VECS], *to = AT(vi, a->potentials) + ((ptrdiff_t)pixel * c.blocks + block) * VECS;
      for (int32_t t = 0, image = 0; t < c.steps; image++) {
        const vi *base = base_int_at(&c, AT(int32_t, c.base), image, pixel, block);
        for (int v = 0; v < VECS; v++) sum[v] = splat_int(0);
        for (int32_t step = 1, r = 0; step <= c.timeSteps; step++, t++) {
          if (t % PERIOD == 0)
            currents_int_at(currents, &c, bursts, AT(uint32_t, c.list), weights, 0, 1, pixel / c.outWidth,
                            pixel % c.outWidth, t);
          add_base_int(sum, base, 1);
          for (int v = 0; v < VECS; v++) sum[v] += currents[t % PERIOD * VECS + v];
          if (r == a->records || (int32_t)recordAt[r] != step) continue;
          for (int v = 0; v < VECS; v++) to[v] = sum[v];
          to += (ptrdiff_t)pixels * c.blocks * VECS;
          r++;
        }
      }
    }
}

struct pack_int_args {
  ref from; // [taps][inputs][outputs], 16 bits
  ref to;   // as for `pack`
  int32_t taps, inputs, outputs, isSigned;
};

KERNEL(pack_int) {
  const int16_t *from = AT(int16_t, a->from);
  int16_t *to = AT(int16_t, a->to);
  int32_t channels = a->isSigned ? 2 * a->inputs : a->inputs;
  for (int32_t block = 0; block < blocks_of(a->outputs); block++)
    for (int32_t tap = 0; tap < a->taps; tap++)
      for (int32_t c = 0; c < channels; c++) {
        const int16_t *row = from + ((ptrdiff_t)tap * a->inputs + c % a->inputs) * a->outputs + block * BLOCK;
        int16_t sign = c < a->inputs ? 1 : -1;
        int32_t count = block_outputs(a->outputs, block);
        for (int32_t i = 0; i < count; i++) to[i] = row[i] * sign;
        for (int32_t i = count; i < BLOCK; i++) to[i] = 0;
        to += BLOCK;
      }
}

struct valued_current_int_args {
  ref pixels;  // [height][width][channels], 32 bits, x · 2⁸
  ref weights; // [kernelHeight][kernelWidth][channels][outChannels], 16 bits, unpacked
  ref base;    // constant current [outChannels], 32 bits; 0 for none
  ref result;  // [outHeight][outWidth][padded], 32 bits: Σ pixel · weight / 2⁸, rounded, halves up, + constant
  int32_t height, width, channels, outHeight, outWidth, outChannels, padded;
  int32_t kernelHeight, kernelWidth, strideY, strideX, top, left;
};

// The current of a constant input.
KERNEL(valued_current_int) {
  const int32_t *pixels = AT(int32_t, a->pixels), *base = AT(int32_t, a->base);
  int32_t *to = AT(int32_t, a->result);
  for (int32_t oy = 0; oy < a->outHeight; oy++)
    for (int32_t ox = 0; ox < a->outWidth; ox++, to += a->padded) {
      for (int32_t o = 0; o < a->padded; o++) to[o] = 0;
      for (int32_t ky = 0; ky < a->kernelHeight; ky++)
        for (int32_t kx = 0; kx < a->kernelWidth; kx++) {
          int32_t y = oy * a->strideY - a->top + ky, x = ox * a->strideX - a->left + kx;
          if (y < 0 || y >= a->height || x < 0 || x >= a->width) continue;
          const int32_t *pixel = pixels + ((ptrdiff_t)y * a->width + x) * a->channels;
          const int16_t *weight = AT(int16_t, a->weights) +
                                  (ptrdiff_t)(ky * a->kernelWidth + kx) * a->channels * a->outChannels;
          for (int32_t c = 0; c < a->channels; c++, weight += a->outChannels)
            for (int32_t o = 0; o < a->outChannels; o++) to[o] += pixel[c] * weight[o];
        }
      for (int32_t o = 0; o < a->outChannels; o++) to[o] = ((to[o] + 128) >> 8) + (a->base ? base[o] : 0);
    }
}
