// The way back through a layer of spiking neurons (Eq. 4), after the formulas of reference/neuron-gradients.ts.
//
// Every reset makes dU a leaky scan of a sparse source, dU(t) = λ·dU(t+1) + s(t): s is not 0 only where the
// surrogate is (or, with a hard reset, where the neuron fired). A convolution commutes with that scan, so what
// flows to the layer before, Wᵀ·dU, is the scan of Wᵀ·s: only the entries of s are multiplied with weights.
// They are kept as valued lists: like spike lists (conv.h), but of pairs (entry, value).
#pragma once
#include "forward.h"
#include "surrogate.h"
#include "tiles.h"
#include "trains.h"

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
      add_base(sum, base_at(&c, AT(float, c.base), 0, pixel, block));
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

// A pixel's block among those of all images, [images][outHeight][outWidth][blocks].
INLINE ptrdiff_t image_pixel(const struct conv *c, int32_t image, int32_t pixel, int32_t block) {
  return ((ptrdiff_t)image * c->outHeight * c->outWidth + pixel) * c->blocks + block;
}

struct weight_gradients_args {
  struct conv conv;   // `list` is valued where isValued
  ref gradients; // at the current, the same at all time-steps of an image, [images][outHeight][outWidth][blocks · BLOCK]
  ref weights;   // like the layer's weights, added to
  int32_t isValued;
};

KERNEL(weight_gradients) {
  struct conv c = a->conv;
  for (int32_t block = 0; block < c.blocks; block++)
    for (int32_t pixel = 0; pixel < c.outHeight * c.outWidth; pixel++) {
      struct window w = window_at(&c, AT(uint32_t, c.ptr), pixel / c.outWidth, pixel % c.outWidth);
      float *weights = (float *)block_weights(&c, AT(float, a->weights), block);
      for (int32_t t = 0; t < c.steps; t++) {
        const vf *gradient = AT(vf, a->gradients) + image_pixel(&c, t / c.timeSteps, pixel, block) * VECS;
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

struct forward_kept_args {
  struct conv conv;
  ref bursts;     // of `bursts`
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
    vf start[VECS];
    start_block(HEAP_ARG start, &n, block);
    prefetch_block(weights, block_rows(&c) * BLOCK * 4);
    for (int32_t y = 0; y < c.outHeight; y++)
      for (int32_t x = 0; x < c.outWidth; x++) {
        uint32_t *bits = AT(uint32_t, a->bits) +
                         ((ptrdiff_t)y * c.steps * c.outWidth + x) * words + block * (BLOCK / 32);
        float *potentials = kept_potentials(&c, AT(float, a->potentials), y, x, block);
        run_neurons(HEAP_ARG &c, AT(struct burst, a->bursts), AT(uint32_t, c.list), weights, NULL, 0, AT(float, c.base),
                    &n, start, y, x, block, potentials, bits, words * c.outWidth, BINARY);
      }
  }
}

struct backward_args {
  struct conv conv;        // the layer's own input, as for `forward`
  ref bursts;              // of `bursts`; read where there are no potentials
  struct transposed above; // the sources of the layer above; ignored where `constant` is given
  struct tiles tiles;      // and where they are dense
  // Gradient at the pooled spikes, the same at all steps of an image, [images][outHeight / pool][outWidth / pool]
  // [blocks · BLOCK].
  ref constant;
  int32_t pool;  // how many times smaller than this layer's outputs the pixels of `above` are
  ref mask;      // bits of the units that the gradient reaches, [height][maskSteps][width][words]; 0: all
  int32_t maskSteps; // 1, or all steps
  int32_t firstRow, endRow; // which rows of pooled pixels
  ref scratch;     // [2 + pixels of a tile, or 1][steps, whole groups][BLOCK]
  ref potentials;  // what `forward_kept` kept; 0: computed again
  ref weights;     // weight gradients, added to; 0: not wanted
  ref trainPtr, trains, times; // the input's spike trains, see trains; where `weights` is given
  ref bias;        // bias gradients [blocks · BLOCK], added to; 0: not wanted
  ref sources;     // result, s: [rows · pool][steps][outWidth][blocks · BLOCK], rows from firstRow on; 0: not wanted
  ref sum;         // result: Σ dU over an image's time, [images][outHeight][outWidth][blocks · BLOCK]; 0: not wanted
  int32_t surrogate, detach; // as in struct surrogate
  struct neuron neuron;
  float height, inverse, decay, first;
  float threshold; // result: the threshold's gradient
};

// The steps of the way back for one block are functions of their own: so the registers suffice for each.
#define STEP static __attribute__((noinline)) void

// The sources of dO(t) for all neurons of a pooled pixel, [steps][BLOCK].
STEP arrive(HEAP_PARAM const struct backward_args *a, int32_t row, int32_t column, int32_t block, float *arriving) {
  int32_t groups = (a->conv.steps + GROUP - 1) / GROUP;
  struct transposed above = a->above;
  const float *weights = AT(float, above.tile);
  int isFirst = row == a->firstRow && column == 0;
  int32_t pooled = row * (a->conv.outWidth / a->pool) + column;
  if (isFirst || above.dense) turn_weights(HEAP_ARG &above, pooled, block);
  const struct valued_group *list = AT(struct valued_group, above.list);
  vf *sums = (vf *)arriving;
  for (int32_t i = 0; i < groups * GROUP * VECS; i++) sums[i] = splat(0);
  // Tap after tap, all groups of one together, as forward (bursts.h).
  struct cover cover = cover_of(&above, row, column);
  int32_t span = above.stride == 1 && above.kernel * above.channels <= ROW_CHANNELS ? above.kernel : 1;
  for (int32_t oy = cover.top; oy <= cover.bottom; oy++)
    for (int32_t ox = cover.left; ox <= cover.right; ox += span) {
      int32_t last = ox + span - 1 < cover.right ? ox + span - 1 : cover.right;
      int32_t first = row_from(&above, &cover, oy, ox);
      const uint32_t *ptr = AT(uint32_t, above.ptr) + (ptrdiff_t)oy * groups * (above.width + 1);
      for (int v = 0; v < VECS; v += STRIP)
        for (int32_t g = 0; g < groups; g++) {
          uint32_t from = ptr[g * (above.width + 1) + ox], to = ptr[g * (above.width + 1) + last + 1];
          if (from == to) continue;
          vf sum[GROUP][STRIP];
          for (int t = 0; t < GROUP; t++)
            for (int i = 0; i < STRIP; i++) sum[t][i] = sums[(g * GROUP + t) * VECS + v + i];
          add_groups(sum, list, from, to, first, weights + v * LANES);
          for (int t = 0; t < GROUP; t++)
            for (int i = 0; i < STRIP; i++) sums[(g * GROUP + t) * VECS + v + i] = sum[t][i];
        }
    }
}

// From the sources to dO(t): each image's are scanned from its last time-step on.
STEP scan_back(const struct conv *c, float leak, float *arriving) {
  vf *sums = (vf *)arriving;
  for (int32_t end = c->steps; end > 0; end -= c->timeSteps) {
    vf later[VECS];
    for (int v = 0; v < VECS; v++) later[v] = splat(0);
    for (int32_t t = end - 1; t >= end - c->timeSteps; t--)
      for (int v = 0; v < VECS; v++) sums[t * VECS + v] = later[v] = splat(leak) * later[v] + sums[t * VECS + v];
  }
}

// dO(t) where it is the same at all time-steps of an image.
STEP arrive_constant(HEAP_PARAM const struct backward_args *a, int32_t row, int32_t column, int32_t block,
                     float *arriving) {
  const struct conv *c = &a->conv;
  int32_t width = c->outWidth / a->pool, pixels = c->outHeight / a->pool * width;
  for (int32_t t = 0; t < c->steps; t++) {
    ptrdiff_t pixel = (ptrdiff_t)(t / c->timeSteps) * pixels + row * width + column;
    const vf *from = AT(vf, a->constant) + (pixel * c->blocks + block) * VECS;
    for (int v = 0; v < VECS; v++) ((vf *)arriving)[t * VECS + v] = from[v];
  }
}

// The potentials of the way forward, again, [steps][BLOCK].
STEP repeat_neurons(HEAP_PARAM const struct backward_args *a, const struct neuron *n, int32_t y, int32_t x,
                    int32_t block, float *potentials) {
  struct conv c = a->conv;
  struct neuron neuron = *n;
  vf start[VECS];
  start_block(HEAP_ARG start, &neuron, block);
  run_neurons(HEAP_ARG &c, AT(struct burst, a->bursts), AT(uint32_t, c.list),
              block_weights(&c, AT(float, c.weights), block), NULL, 0, AT(float, c.base), &neuron, start, y, x,
              block, potentials, NULL, 0, BINARY);
}

// Adds a train's gradients to its weight row.
INLINE void add_train(float *weight, const float *gradients, const uint16_t *times, uint32_t count) {
  vf sum[VECS], *to = (vf *)weight;
  for (int v = 0; v < VECS; v++) sum[v] = splat(0);
  for (uint32_t i = 0; i < count; i++) {
    const vf *from = (const vf *)(gradients + (ptrdiff_t)times[i] * BLOCK);
#pragma GCC unroll 16
    for (int v = 0; v < VECS; v++) sum[v] += from[v];
  }
#pragma GCC unroll 16
  for (int v = 0; v < VECS; v++) to[v] += sum[v];
}

// Adds a pixel's weight gradients. `gradients` are [steps][BLOCK].
STEP add_gradients(HEAP_PARAM const struct backward_args *a, int32_t y, int32_t x, int32_t block,
                   const float *gradients) {
  struct conv c = a->conv;
  int32_t chunks = chunks_of(c.steps), any = 0;
  for (int32_t i = 0; i < c.steps * VECS && !any; i++)
    any = lane_bits(differs(((const vf *)gradients)[i], splat(0))) != 0;
  if (!any) return;
  c.steps = chunks; // of the trains
  struct window w = window_at(&c, AT(uint32_t, a->trainPtr), y, x);
  const struct train *trains = AT(struct train, a->trains);
  const uint16_t *times = AT(uint16_t, a->times);
  float *weights = (float *)block_weights(&c, AT(float, a->weights), block);
  for (int32_t chunk = 0; chunk < chunks; chunk++)
    for (int32_t row = 0; row < w.rows; row++) {
      const uint32_t *ptr = w.ptr + row * w.ptrRow + chunk * w.ptrStep;
      int32_t first = w.weightRow + row * w.weightRowStep;
      for (uint32_t i = ptr[w.left], end = ptr[w.right]; i < end; i++) {
        // Beyond the list's end an entry may be any number.
        const float *later = weight_row(weights, (int32_t)((uint32_t)first + trains[i + AHEAD].entry));
        for (int v = 0; v < BLOCK; v += 16) prefetch(later + v);
        float *weight = (float *)weight_row(weights, first + (int32_t)trains[i].entry);
        add_train(weight, gradients, times + trains[i].begin, trains[i].count);
      }
    }
}

// The leak on the way back.
INLINE float leak_back(const struct neuron *n, const struct surrogate *s) {
  return s->kind == SPIKE_TRAIN ? 1 : n->leak;
}

// Back through the neurons of a pixel's block, to which `arriving` comes; returns the threshold's gradient.
INLINE double back_through(HEAP_PARAM const struct backward_args *a, const struct conv *layer, struct neuron n,
                           struct surrogate s, const vf start[VECS], int32_t y, int32_t x, int32_t block,
                           const float *arriving, float *repeated, float *gradients) {
  struct conv c = *layer;
  int32_t steps = c.steps;
  ptrdiff_t words = (ptrdiff_t)c.blocks * (BLOCK / 32), pixelFloats = (ptrdiff_t)c.blocks * BLOCK;
  int byTime = s.kind == SPIKE_TIME || s.kind == SPIKE_TRAIN;
  float leak = leak_back(&n, &s), subtracted = n.reset == RESET_SOFT ? leak : n.reset == RESET_DELAYED ? 1 : 0;
  vf thresholds = splat(0);
  float *potentials = repeated;
  if (a->potentials)
    potentials = kept_potentials(&c, AT(float, a->potentials), y, x, block);
  else
    repeat_neurons(HEAP_ARG a, &n, y, x, block, potentials);
  ptrdiff_t rowInBand = y - a->firstRow * a->pool;
  for (int32_t image = steps / c.timeSteps - 1; image >= 0; image--) {
    vf next[VECS], total[VECS];
    int32_t first = image * c.timeSteps;
    ptrdiff_t atFirst = (ptrdiff_t)first * BLOCK;
    if (s.kind == SPIKE_TIME)
      spike_time_gradients(&s, &n, potentials + atFirst, gradients + atFirst, c.timeSteps);
    if (s.kind == SPIKE_TRAIN)
      spike_train_gradients(&s, &n, potentials + atFirst, gradients + atFirst, c.timeSteps);
    for (int v = 0; v < VECS; v++) next[v] = total[v] = splat(0);
    for (int32_t t = first + c.timeSteps - 1; t >= first; t--) {
      const uint32_t *mask =
          AT(uint32_t, a->mask) +
          (((ptrdiff_t)y * a->maskSteps + (a->maskSteps > 1 ? t : 0)) * c.outWidth + x) * words +
          block * (BLOCK / 32);
      float *source = AT(float, a->sources) +
                      ((rowInBand * steps + t) * c.outWidth + x) * pixelFloats + block * BLOCK;
#pragma GCC unroll 4
      for (int v = 0; v < VECS; v++) {
        vf u = ((vf *)potentials)[t * VECS + v];
        vf atSpike = ((const vf *)arriving)[t * VECS + v];
        if (a->mask) {
          uint32_t bits = mask[v * LANES / 32] >> (v * LANES % 32);
          atSpike = keep(from_bits(bits), atSpike);
        }
        vm fired = greater(u, splat(n.silent));
        vf slope = byTime ? ((vf *)gradients)[t * VECS + v] : surrogate_gradient(&s, &n, u);
        if (!s.detach) {
          vf through = splat(subtracted * n.threshold);
          if (n.reset == RESET_HARD) through = splat(leak) * u;
          atSpike -= through * next[v];
        }
        vf from = slope * atSpike, kept = splat(leak) * next[v];
        thresholds -= from + splat(subtracted) * keep(fired, next[v]);
        if (n.reset == RESET_HARD) from -= keep(fired, kept);
        if (a->sources) ((vf *)source)[v] = from;
        next[v] = kept + from;
        ((vf *)gradients)[t * VECS + v] = next[v];
        total[v] += next[v];
      }
    }
    for (int v = 0; v < VECS; v++) {
      // The part of the threshold that the first potential holds.
      vf part = splat(leak / n.leak) * start[v] / splat(n.threshold);
      thresholds += part * next[v];
    }
    if (a->sum) {
      vf *to = AT(vf, a->sum) + image_pixel(&c, image, y * c.outWidth + x, block) * VECS;
      for (int v = 0; v < VECS; v++) to[v] = total[v];
    }
    if (a->bias) {
      vf *to = AT(vf, a->bias) + block * VECS;
      for (int v = 0; v < VECS; v++) to[v] += total[v];
    }
  }
  if (a->weights) add_gradients(HEAP_ARG a, y, x, block, gradients);
  double atThreshold = 0;
  for (int lane = 0; lane < LANES; lane++) atThreshold += (double)thresholds[lane];
  return atThreshold;
}

INLINE void backward_with(HEAP_PARAM struct backward_args *a, struct neuron n, struct surrogate s) {
  struct conv c = a->conv;
  int32_t pool = a->pool, whole = (c.steps + GROUP - 1) / GROUP * GROUP, pooledWidth = c.outWidth / pool;
  // Pixels of the pooled layer that are gone through at a time.
  int32_t side = a->tiles.values ? TILE : 1;
  ptrdiff_t pixelFloats = (ptrdiff_t)whole * BLOCK;
  float *repeated = AT(float, a->scratch), *gradients = repeated + pixelFloats, *all = gradients + pixelFloats;
  double atThreshold = 0;

  for (int32_t block = 0; block < c.blocks; block++) {
    vf start[VECS];
    start_block(HEAP_ARG start, &n, block);
    if (a->tiles.values) turn_patch_weights(HEAP_ARG &a->above, block);
    for (int32_t top = a->firstRow; top < a->endRow; top += side)
      for (int32_t left = 0; left < pooledWidth; left += side) {
        if (a->tiles.values) {
          take_patch(HEAP_ARG &a->above, &a->tiles, top, left);
          multiply_patch(HEAP_ARG &a->above, &a->tiles);
          place_tile(HEAP_ARG &a->above, &a->tiles, all);
        }
        for (int32_t pixel = 0; pixel < side * side; pixel++) {
          int32_t row = top + pixel / side, column = left + pixel % side;
          if (row >= a->endRow || column >= pooledWidth) continue;
          float *arriving = all + pixel * pixelFloats;
          if (a->constant)
            arrive_constant(HEAP_ARG a, row, column, block, arriving);
          else if (!a->tiles.values)
            arrive(HEAP_ARG a, row, column, block, arriving);
          if (!a->constant) scan_back(&c, leak_back(&n, &s), arriving);
          for (int32_t part = 0; part < pool * pool; part++)
            atThreshold += back_through(HEAP_ARG a, &c, n, s, start, row * pool + part / pool,
                                        column * pool + part % pool, block, arriving, repeated, gradients);
        }
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
