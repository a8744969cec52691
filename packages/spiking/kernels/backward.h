// The way back through a layer of spiking neurons (Eq. 4), after the formulas of reference/neuron-gradients.ts.
//
// Every reset makes dU a leaky scan of a sparse source, dU(t) = λ·dU(t+1) + s(t): s is not 0 only where the
// surrogate is (or, with a hard reset, where the neuron fired). A convolution commutes with that scan, so what
// flows to the layer before, Wᵀ·dU, is the scan of Wᵀ·s: only the entries of s are multiplied with weights.
// They are kept as valued lists: like spike lists (conv.h), but of pairs (entry, value).
#pragma once
#include "conv.h"
#include "forward.h"
#include "neuron.h"

struct valued {
  uint32_t entry;
  float value;
};

// The sources' lists join GROUP time-steps: a source that is not 0 at one step is often not at the next, and each
// weight that is loaded serves them all.
#define GROUP 4
struct valued_group {
  uint32_t entry;
  float values[GROUP];
};

// Adds value · weight row for one range of a valued list.
INLINE void add_valued(vf sum[VECS], const struct valued *list, uint32_t from, uint32_t to, int32_t first,
                       const float *weights) {
  for (uint32_t i = from; i < to; i++) {
    const vf *weight = (const vf *)weight_row(weights, first + (int32_t)list[i].entry);
    vf value = splat(list[i].value);
#pragma GCC unroll 16
    for (int v = 0; v < VECS; v++) sum[v] += value * weight[v];
  }
}

// How many vectors of channels are summed at once over a group of time-steps: what the registers hold.
#if LANES == 16
#define STRIP 4
#else
#define STRIP 2
#endif

INLINE void add_groups(vf sum[GROUP][STRIP], const struct valued_group *list, uint32_t from, uint32_t to,
                       int32_t first, const float *weights) {
  for (uint32_t i = from; i < to; i++) {
    const vf *row = (const vf *)weight_row(weights, first + (int32_t)list[i].entry);
    vf weight[STRIP];
#pragma GCC unroll 16
    for (int v = 0; v < STRIP; v++) weight[v] = row[v];
#pragma GCC unroll 16
    for (int t = 0; t < GROUP; t++) {
      vf value = splat(list[i].values[t]);
#pragma GCC unroll 16
      for (int v = 0; v < STRIP; v++) sum[t][v] += value * weight[v];
    }
  }
}

// The transposed convolution of valued lists: what outputs send to inputs. The results are the layer's input
// pixels.
struct transposed {
  ref ptr, list;
  ref weights; // of the layer, as struct conv has them, with `rows` rows a tap
  ref tile;    // room for the weights of one block of inputs the other way round, see turn_weights
  int32_t rows;
  int32_t steps, height, width, channels; // of the lists
  int32_t outHeight, outWidth, outChannels, kernel, stride, padding, blocks;
  int32_t dense; // whether all results come from the one pixel of a dense layer's outputs
};

// The output pixels whose kernels cover input pixel (y, x): oy · stride + ky − padding = y, 0 ≤ ky < kernel.
struct cover {
  int32_t low, lowX; // output pixel o sees the pixel with kernel − 1 − ky = o · stride − low
  int32_t top, bottom, left, right;
};

INLINE struct cover cover_of(const struct transposed *c, int32_t y, int32_t x) {
  int32_t s = c->stride, high = y + c->padding, highX = x + c->padding;
  struct cover r;
  if (c->dense) return (struct cover){0, 0, 0, 0, 0, 0};
  r.low = high - c->kernel + 1;
  r.lowX = highX - c->kernel + 1;
  r.top = r.low > 0 ? (r.low + s - 1) / s : 0;
  r.bottom = high / s < c->height - 1 ? high / s : c->height - 1;
  r.left = r.lowX > 0 ? (r.lowX + s - 1) / s : 0;
  r.right = highX / s < c->width - 1 ? highX / s : c->width - 1;
  return r;
}

// Calls `add(sum, list, from, to, first weight row, weights)` for the ranges of `list` that reach a pixel, at
// step (or group) t of `steps`.
#define FOR_EACH_RANGE(add, sum, c, cover, ptr, list, weights, steps, t)                                   \
  for (int32_t oy = (cover).top; oy <= (cover).bottom; oy++) {                                             \
    const uint32_t *row = (ptr) + ((ptrdiff_t)oy * (steps) + (t)) * ((c)->width + 1);                      \
    /* Weight rows are [kernel - 1 - ky][kernel - 1 - kx][channels]. */                                    \
    int32_t first = ((oy * (c)->stride - (cover).low) * (c)->kernel - (cover).lowX) * (c)->channels;       \
    if ((c)->stride == 1) {                                                                                \
      if ((cover).left <= (cover).right)                                                                   \
        add(sum, list, row[(cover).left], row[(cover).right + 1], first, weights);                         \
    } else {                                                                                               \
      for (int32_t ox = (cover).left; ox <= (cover).right; ox++)                                           \
        add(sum, list, row[ox], row[ox + 1], first + ((c)->stride - 1) * ox * (c)->channels, weights);     \
    }                                                                                                      \
  }

typedef float v4 __attribute__((vector_size(16), may_alias));

// Deep layers' weights and their gradients are in no cache: what is needed soon is fetched ahead.
INLINE void prefetch(const float *at) {
#ifndef __wasm__
  __builtin_prefetch(at, 0, 2);
#endif
}

// Turns a square of weights, BLOCK inputs by BLOCK outputs, and fetches the `next` one.
INLINE void turn_square(const float *from, float *to, const float *next) {
  for (int32_t in = 0; in < BLOCK; in += 4)
    for (int32_t out = 0; out < BLOCK; out += 4) {
      const float *corner = from + in * BLOCK + out;
      prefetch(next + in * BLOCK + out * 4);
      v4 a = *(const v4 *)corner, b = *(const v4 *)(corner + BLOCK);
      v4 c = *(const v4 *)(corner + 2 * BLOCK), d = *(const v4 *)(corner + 3 * BLOCK);
      v4 ac = __builtin_shufflevector(a, c, 0, 4, 1, 5), acHigh = __builtin_shufflevector(a, c, 2, 6, 3, 7);
      v4 bd = __builtin_shufflevector(b, d, 0, 4, 1, 5), bdHigh = __builtin_shufflevector(b, d, 2, 6, 3, 7);
      float *result = to + out * BLOCK + in;
      *(v4 *)result = __builtin_shufflevector(ac, bd, 0, 4, 1, 5);
      *(v4 *)(result + BLOCK) = __builtin_shufflevector(ac, bd, 2, 6, 3, 7);
      *(v4 *)(result + 2 * BLOCK) = __builtin_shufflevector(acHigh, bdHigh, 0, 4, 1, 5);
      *(v4 *)(result + 3 * BLOCK) = __builtin_shufflevector(acHigh, bdHigh, 2, 6, 3, 7);
    }
}

// The weights that lead to one block of inputs, [taps, last first · channels][BLOCK], in the tile. A dense layer
// reads pixels of `outChannels` channels each.
static __attribute__((noinline)) void turn_weights(HEAP_PARAM const struct transposed *c, int32_t pixel,
                                                   int32_t block) {
  int32_t taps = c->kernel * c->kernel;
  int32_t inputs = c->outChannels - block * BLOCK < BLOCK ? c->outChannels - block * BLOCK : BLOCK;
  ptrdiff_t input = (ptrdiff_t)(c->dense ? pixel * c->outChannels : 0) + block * BLOCK;
  for (int32_t tap = 0; tap < taps; tap++)
    for (int32_t output = 0; output < c->channels; output += BLOCK) {
      ptrdiff_t row = ((ptrdiff_t)output / BLOCK * taps + tap) * c->rows + input;
      const float *from = AT(float, c->weights) + row * BLOCK;
      float *to = AT(float, c->tile) + ((ptrdiff_t)(taps - 1 - tap) * c->channels + output) * BLOCK;
      int32_t outputs = c->channels - output < BLOCK ? c->channels - output : BLOCK;
      if (inputs == BLOCK && outputs == BLOCK) {
        turn_square(from, to, from + (ptrdiff_t)taps * c->rows * BLOCK);
        continue;
      }
      for (int32_t o = 0; o < outputs; o++)
        for (int32_t i = 0; i < BLOCK; i++) to[o * BLOCK + i] = i < inputs ? from[i * BLOCK + o] : 0;
    }
}

struct gather_args {
  struct transposed from;
  ref result; // [outHeight][outWidth][blocks · BLOCK]; the lists have one step
};

KERNEL(gather) {
  struct transposed c = a->from;
  const float *weights = AT(float, c.tile);
  for (int32_t block = 0; block < c.blocks; block++)
    for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++) {
      if (pixel == 0 || c.dense) turn_weights(HEAP_ARG &c, pixel, block);
      vf sum[VECS];
      for (int v = 0; v < VECS; v++) sum[v] = splat(0);
      struct cover cover = cover_of(&c, pixel / c.outWidth, pixel % c.outWidth);
      FOR_EACH_RANGE(add_valued, sum, &c, cover, AT(uint32_t, c.ptr), AT(struct valued, c.list), weights, 1, 0)
      vf *to = AT(vf, a->result) + ((ptrdiff_t)pixel * c.blocks + block) * VECS;
      for (int v = 0; v < VECS; v++) to[v] = sum[v];
    }
}

struct valued_current_args {
  struct conv conv; // lists are valued, of one step
  ref result; // [outHeight][outWidth][blocks · BLOCK]
};

// The current of a constant input, with the layer's constant current.
KERNEL(valued_current) {
  struct conv c = a->conv;
  for (int32_t block = 0; block < c.blocks; block++)
    for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++) {
      struct window w = window_at(&c, AT(uint32_t, c.ptr), pixel / c.outWidth, pixel % c.outWidth);
      const float *weights = block_weights(&c, AT(float, c.weights), block);
      vf sum[VECS];
      for (int v = 0; v < VECS; v++) sum[v] = splat(0);
      add_base(sum, base_at(&c, AT(float, c.base), pixel, block));
      for (int32_t row = 0; row < w.rows; row++)
        add_valued(sum, AT(struct valued, c.list), w.ptr[row * w.ptrRow + w.left],
                   w.ptr[row * w.ptrRow + w.right], w.weightRow + row * w.weightRowStep, weights);
      vf *to = AT(vf, a->result) + ((ptrdiff_t)pixel * c.blocks + block) * VECS;
      for (int v = 0; v < VECS; v++) to[v] = sum[v];
    }
}

// Adds a block of gradients at the current to the weight rows of one time-step's spikes.
INLINE void add_weight_gradients(const vf gradient[VECS], const struct window *w, const uint32_t *list,
                                 float *weights, int32_t step) {
  const uint32_t *ptr = w->ptr + step * w->ptrStep;
  int32_t first = w->weightRow;
  for (int32_t row = 0; row < w->rows; row++, ptr += w->ptrRow, first += w->weightRowStep) {
    uint32_t end = ptr[w->right];
    for (uint32_t i = ptr[w->left]; i < end; i++) {
      vf *weight = (vf *)weight_row(weights, first + (int32_t)list[i]);
#pragma GCC unroll 16
      for (int v = 0; v < VECS; v++) weight[v] += gradient[v];
    }
  }
}

struct weight_gradients_args {
  struct conv conv;   // `list` is valued where isValued
  ref gradients; // at the current, the same at all time-steps, [outHeight][outWidth][blocks · BLOCK]
  ref weights;   // like the layer's weights, added to
  int32_t isValued;
};

KERNEL(weight_gradients) {
  struct conv c = a->conv;
  for (int32_t block = 0; block < c.blocks; block++)
    for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++) {
      struct window w = window_at(&c, AT(uint32_t, c.ptr), pixel / c.outWidth, pixel % c.outWidth);
      float *weights = (float *)block_weights(&c, AT(float, a->weights), block);
      const vf *gradient = AT(vf, a->gradients) + ((ptrdiff_t)pixel * c.blocks + block) * VECS;
      for (int32_t t = 0; t < c.steps; t++) {
        if (!a->isValued) {
          add_weight_gradients(gradient, &w, AT(uint32_t, c.list), weights, t);
          continue;
        }
        const struct valued *list = AT(struct valued, c.list);
        for (int32_t row = 0; row < w.rows; row++) {
          const uint32_t *ptr = w.ptr + row * w.ptrRow + t * w.ptrStep;
          for (uint32_t i = ptr[w.left]; i < ptr[w.right]; i++) {
            vf *weight = (vf *)weight_row(weights, w.weightRow + row * w.weightRowStep + (int32_t)list[i].entry);
            for (int v = 0; v < VECS; v++) weight[v] += splat(list[i].value) * gradient[v];
          }
        }
      }
    }
}

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

struct forward_kept_args {
  struct conv conv;
  ref bits;       // result, as of `forward`
  ref potentials; // result: before the reset, [blocks][outHeight · outWidth][steps][BLOCK]
  struct neuron neuron;
};

INLINE float *kept_potentials(const struct conv *c, float *all, int32_t y, int32_t x, int32_t block) {
  ptrdiff_t pixel = (ptrdiff_t)block * c->outHeight * c->outWidth + y * c->outWidth + x;
  return all + pixel * c->steps * BLOCK;
}

// As `forward`, and keeps the potentials for the way back.
KERNEL(forward_kept) {
  struct conv c = a->conv;
  struct neuron n = a->neuron;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32);
  for (int32_t block = 0; block < c.blocks; block++) {
    const float *weights = block_weights(&c, AT(float, c.weights), block);
    prefetch_block(weights, block_rows(&c) * BLOCK * 4);
    for (int32_t y = 0; y < c.outHeight; y++)
      for (int32_t x = 0; x < c.outWidth; x++) {
        struct window w = window_at(&c, AT(uint32_t, c.ptr), y, x);
        const vf *base = base_at(&c, AT(float, c.base), y * c.outWidth + x, block);
        uint32_t *bits = AT(uint32_t, a->bits) +
                         ((ptrdiff_t)y * c.steps * c.outWidth + x) * words + block * (BLOCK / 32);
        float *potentials = kept_potentials(&c, AT(float, a->potentials), y, x, block);
        run_neurons(&w, AT(uint32_t, c.list), weights, base, &n, c.steps, potentials, bits, words * c.outWidth);
      }
  }
}

enum { TRIANGLE, RECTANGLE, EXPONENTIAL, SPIKE_TIME };

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
  float decay, first; // of SPIKE_TIME: exp(−β), and the gradient at the first step
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

struct backward_args {
  struct conv conv;        // the layer's own input, as for `forward`
  struct transposed above; // the sources of the layer above; ignored where `constant` is given
  ref constant;  // gradient at the pooled spikes, the same at all steps, [outHeight][outWidth][blocks · BLOCK]
  int32_t pool;  // how many times smaller than this layer's outputs the pixels of `above` are
  ref mask;      // bits of the units that the gradient reaches, [height][maskSteps][width][words]; 0: all
  int32_t maskSteps; // 1, or all steps
  int32_t firstRow, endRow; // which rows of pooled pixels
  ref scratch;     // 3 · [steps, whole groups][BLOCK] and [BLOCK]
  ref potentials;  // what `forward_kept` kept; 0: computed again
  ref weights;     // weight gradients, added to; 0: not wanted
  ref unitPtr, units; // the input by entry, see by_entry; where `weights` is given
  ref bias;        // bias gradients [blocks · BLOCK], added to; 0: not wanted
  ref sources;     // result, s: [rows · pool][steps][outWidth][blocks · BLOCK], rows from firstRow on; 0: not wanted
  ref sum;         // result: Σ dU over time, [outHeight][outWidth][blocks · BLOCK]; 0: not wanted
  int32_t surrogate, detach; // as in struct surrogate
  struct neuron neuron;
  float height, inverse, decay, first;
  float threshold; // result: the threshold's gradient
};

// The steps of the way back for one block are functions of their own: so the registers suffice for each.
#define STEP static __attribute__((noinline)) void

// dO(t) for all neurons of a pooled pixel, [steps][BLOCK].
STEP arrive(HEAP_PARAM const struct backward_args *a, float leak, int32_t row, int32_t column, int32_t block,
            float *arriving) {
  int32_t steps = a->conv.steps, groups = (steps + GROUP - 1) / GROUP;
  int32_t pooled = row * (a->conv.outWidth / a->pool) + column;
  if (a->constant) {
    const vf *from = AT(vf, a->constant) + ((ptrdiff_t)pooled * a->conv.blocks + block) * VECS;
    for (int32_t t = 0; t < steps; t++)
      for (int v = 0; v < VECS; v++) ((vf *)arriving)[t * VECS + v] = from[v];
    return;
  }
  struct transposed above = a->above;
  const float *weights = AT(float, above.tile);
  int isFirst = row == a->firstRow && column == 0;
  if (isFirst || above.dense) turn_weights(HEAP_ARG &above, pooled, block);
  struct cover cover = cover_of(&above, row, column);
  for (int v = 0; v < VECS; v += STRIP) {
    vf later[STRIP];
    for (int i = 0; i < STRIP; i++) later[i] = splat(0);
    for (int32_t g = groups - 1; g >= 0; g--) {
      vf sum[GROUP][STRIP];
      for (int t = 0; t < GROUP; t++)
        for (int i = 0; i < STRIP; i++) sum[t][i] = splat(0);
      FOR_EACH_RANGE(add_groups, sum, &above, cover, AT(uint32_t, above.ptr), AT(struct valued_group, above.list),
                     weights + v * LANES, groups, g)
      for (int t = GROUP - 1; t >= 0; t--)
        for (int i = 0; i < STRIP; i++) {
          later[i] = splat(leak) * later[i] + sum[t][i];
          ((vf *)arriving)[(g * GROUP + t) * VECS + v + i] = later[i];
        }
    }
  }
}

// The potentials of the way forward, again, [steps][BLOCK].
STEP repeat_neurons(HEAP_PARAM const struct backward_args *a, const struct neuron *n, int32_t y, int32_t x,
                    int32_t block, float *potentials) {
  struct conv c = a->conv;
  struct neuron neuron = *n;
  struct window w = window_at(&c, AT(uint32_t, c.ptr), y, x);
  const vf *base = base_at(&c, AT(float, c.base), y * c.outWidth + x, block);
  run_neurons(&w, AT(uint32_t, c.list), block_weights(&c, AT(float, c.weights), block), base, &neuron, c.steps,
              potentials, NULL, 0);
}

// Adds a pixel's weight gradients. `gradients` are [steps + 1][BLOCK], the last ones 0.
STEP add_gradients(HEAP_PARAM const struct backward_args *a, int32_t y, int32_t x, int32_t block,
                   const float *gradients) {
  struct conv c = a->conv;
  int32_t chunks = chunks_of(c.steps), any = 0;
  for (int32_t i = 0; i < c.steps * VECS && !any; i++)
    any = lane_bits(differs(((const vf *)gradients)[i], splat(0))) != 0;
  if (!any) return;
  c.steps = chunks; // of the lists by entry
  struct window w = window_at(&c, AT(uint32_t, a->unitPtr), y, x);
  const struct unit *units = AT(struct unit, a->units);
  float *weights = (float *)block_weights(&c, AT(float, a->weights), block);
  for (int32_t chunk = 0; chunk < chunks; chunk++)
    for (int32_t row = 0; row < w.rows; row++) {
      const uint32_t *ptr = w.ptr + row * w.ptrRow + chunk * w.ptrStep;
      int32_t first = w.weightRow + row * w.weightRowStep;
      for (uint32_t i = ptr[w.left], end = ptr[w.right]; i < end; i++) {
        float *weight = (float *)weight_row(weights, first + (int32_t)units[i].entry);
        // Beyond the list's end an entry may be any number.
        const float *later = weight_row(weights, (int32_t)((uint32_t)first + units[i + AHEAD].entry));
        for (int v = 0; v < BLOCK; v += 16) prefetch(later + v);
        const float *from[UNIT];
#pragma GCC unroll 16
        for (int k = 0; k < UNIT; k++) from[k] = gradients + (ptrdiff_t)units[i].steps[k] * BLOCK;
#pragma GCC unroll 16
        for (int v = 0; v < BLOCK; v += LANES)
          *(vf *)(weight + v) += (*(const vf *)(from[0] + v) + *(const vf *)(from[1] + v)) +
                                 (*(const vf *)(from[2] + v) + *(const vf *)(from[3] + v));
      }
    }
}

INLINE void backward_with(HEAP_PARAM struct backward_args *a, struct neuron n, struct surrogate s) {
  struct conv c = a->conv;
  int32_t steps = c.steps, pool = a->pool, groups = (steps + GROUP - 1) / GROUP;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32), pixelFloats = (ptrdiff_t)c.blocks * BLOCK;
  int32_t pooledWidth = c.outWidth / pool;
  float *arriving = AT(float, a->scratch), *repeated = arriving + (ptrdiff_t)groups * GROUP * BLOCK;
  float *gradients = repeated + (ptrdiff_t)steps * BLOCK;
  for (int v = 0; v < VECS; v++) ((vf *)gradients)[steps * VECS + v] = splat(0);
  float subtracted = n.reset == RESET_SOFT ? n.leak : n.reset == RESET_DELAYED ? 1 : 0;
  double atThreshold = 0;

  for (int32_t block = 0; block < c.blocks; block++)
    for (int32_t row = a->firstRow; row < a->endRow; row++)
      for (int32_t column = 0; column < pooledWidth; column++) {
        arrive(HEAP_ARG a, n.leak, row, column, block, arriving);
        for (int32_t part = 0; part < pool * pool; part++) {
          int32_t y = row * pool + part / pool, x = column * pool + part % pool;
          vf next[VECS], total[VECS];
          vf thresholds = splat(0);
          float *potentials = repeated;
          if (a->potentials)
            potentials = kept_potentials(&c, AT(float, a->potentials), y, x, block);
          else
            repeat_neurons(HEAP_ARG a, &n, y, x, block, potentials);
          if (s.kind == SPIKE_TIME) spike_time_gradients(&s, &n, potentials, gradients, steps);
          for (int v = 0; v < VECS; v++) next[v] = total[v] = splat(0);
          ptrdiff_t rowInBand = y - a->firstRow * pool;
          for (int32_t t = steps - 1; t >= 0; t--) {
            const uint32_t *mask =
                AT(uint32_t, a->mask) +
                (((ptrdiff_t)y * a->maskSteps + (a->maskSteps > 1 ? t : 0)) * c.outWidth + x) * words +
                block * (BLOCK / 32);
            float *source = AT(float, a->sources) +
                            ((rowInBand * steps + t) * c.outWidth + x) * pixelFloats + block * BLOCK;
#pragma GCC unroll 4
            for (int v = 0; v < VECS; v++) {
              vf u = ((vf *)potentials)[t * VECS + v];
              vf atSpike = ((vf *)arriving)[t * VECS + v];
              if (a->mask) {
                uint32_t bits = mask[v * LANES / 32] >> (v * LANES % 32);
                atSpike = keep(from_bits(bits), atSpike);
              }
              vm fired = greater(u, splat(n.silent));
              vf slope = s.kind == SPIKE_TIME ? ((vf *)gradients)[t * VECS + v]
                                              : surrogate_gradient(&s, &n, u);
              if (!s.detach) {
                vf through = splat(subtracted * n.threshold);
                if (n.reset == RESET_HARD) through = splat(n.leak) * u;
                atSpike -= through * next[v];
              }
              vf from = slope * atSpike, kept = splat(n.leak) * next[v];
              thresholds -= from + splat(subtracted) * keep(fired, next[v]);
              if (n.reset == RESET_HARD) from -= keep(fired, kept);
              if (a->sources) ((vf *)source)[v] = from;
              next[v] = kept + from;
              ((vf *)gradients)[t * VECS + v] = next[v];
              total[v] += next[v];
            }
          }
          for (int lane = 0; lane < LANES; lane++) atThreshold += (double)thresholds[lane];
          if (a->sum) {
            vf *to = AT(vf, a->sum) + (((ptrdiff_t)y * c.outWidth + x) * c.blocks + block) * VECS;
            for (int v = 0; v < VECS; v++) to[v] = total[v];
          }
          if (a->bias) {
            vf *to = AT(vf, a->bias) + block * VECS;
            for (int v = 0; v < VECS; v++) to[v] += total[v];
          }
          if (a->weights) add_gradients(HEAP_ARG a, y, x, block, gradients);
        }
      }
  a->threshold = (float)atThreshold;
}

// The common case has a loop of its own.
static __attribute__((noinline)) void backward_soft(HEAP_PARAM struct backward_args *a) {
  struct neuron n = a->neuron;
  n.reset = RESET_SOFT;
  struct surrogate s = {TRIANGLE, a->detach, a->height, a->inverse, 0, 0};
  backward_with(HEAP_ARG a, n, s);
}

KERNEL(backward) {
  struct surrogate s = {a->surrogate, a->detach, a->height, a->inverse, a->decay, a->first};
  if (a->neuron.reset == RESET_SOFT && s.kind == TRIANGLE)
    backward_soft(HEAP_ARG a);
  else
    backward_with(HEAP_ARG a, a->neuron, s);
}

struct compress_values_args {
  ref values;    // [rows][steps][width][padded channels]
  ref ptr, list; // result: `ptr` [rows][steps][width + 1] at its place, `list` from `start` on
  int32_t rows, steps, width, channels, padded;
  uint32_t start;
  uint32_t end; // result: how many entries there are now
};

// Numbers to valued lists; `list` has room for one entry more than there are numbers.
KERNEL(compress_values) {
  const float *values = AT(float, a->values);
  uint32_t *ptr = AT(uint32_t, a->ptr), n = a->start;
  struct valued *list = AT(struct valued, a->list);
  for (ptrdiff_t row = 0; row < (ptrdiff_t)a->rows * a->steps; row++) {
    for (int32_t x = 0; x < a->width; x++, values += a->padded) {
      *ptr++ = n;
      for (int32_t c = 0; c < a->channels; c++) {
        list[n] = (struct valued){(uint32_t)(x * a->channels + c), values[c]};
        n += values[c] != 0;
      }
    }
    *ptr++ = n;
  }
  a->end = n;
}

struct compress_groups_args {
  ref values;    // [rows][steps][width][padded channels]
  ref ptr, list; // result: `ptr` [rows][groups of steps][width + 1] at its place, `list` from `start` on
  int32_t rows, steps, width, channels, padded;
  uint32_t start;
  uint32_t end; // result: how many entries there are now; with `list` 0 they are only counted
};

// Sources to lists of groups.
KERNEL(compress_groups) {
  uint32_t *ptr = AT(uint32_t, a->ptr), n = a->start;
  struct valued_group *list = AT(struct valued_group, a->list);
  ptrdiff_t stepFloats = (ptrdiff_t)a->width * a->padded;
  for (int32_t row = 0; row < a->rows; row++)
    for (int32_t from = 0; from < a->steps; from += GROUP) {
      int32_t steps = a->steps - from < GROUP ? a->steps - from : GROUP;
      const float *values = AT(float, a->values) + ((ptrdiff_t)row * a->steps + from) * stepFloats;
      for (int32_t x = 0; x < a->width; x++, values += a->padded) {
        if (a->list) *ptr++ = n;
        for (int32_t c = 0; c < a->channels; c += LANES) {
          uint32_t any = 0;
          for (int32_t t = 0; t < steps; t++)
            any |= lane_bits(differs(*(const vf *)(values + t * stepFloats + c), splat(0)));
          if (!a->list) {
            n += (uint32_t)__builtin_popcount(any);
            continue;
          }
          for (; any; any &= any - 1, n++) {
            int32_t channel = c + __builtin_ctz(any);
            list[n].entry = (uint32_t)(x * a->channels + channel);
            for (int32_t t = 0; t < GROUP; t++)
              list[n].values[t] = t < steps ? values[t * stepFloats + channel] : 0;
          }
        }
      }
      if (a->list) *ptr++ = n;
    }
  a->end = n;
}
