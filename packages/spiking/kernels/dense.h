// Dense kernels of the embedded tensor runtime: matrix products and convolutions, channels last. The work is cut
// into units that do not depend on each other; a call computes the units [begin, end). Every output is summed
// by one thread in one order, so results do not depend on how units are shared out.
#pragma once
#include "abi.h"

// A tile: ROWS rows of the left matrix by COLUMNS columns of the right one, held in registers.
#if LANES > 4
#define ROWS 6
#define VECTORS (LANES / 4)
#elif defined(__aarch64__)
#define ROWS 6
#define VECTORS 4
#else
#define ROWS 4
#define VECTORS 2
#endif
#define COLUMNS (VECTORS * LANES)

#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif
#define EACH(i, n) UNROLL for (int i = 0; i < (n); i++)

INLINE vf load(const float *p) { return *(const vfu *)p; }
INLINE void store(float *p, vf x) { *(vfu *)p = x; }
INLINE int least(int a, int b) { return a < b ? a : b; }

// Writes the first `columns` numbers of a tile's row.
INLINE void store_row(float *to, const vf *row, int columns) {
  if (columns == COLUMNS) {
    EACH(v, VECTORS) store(to + v * LANES, row[v]);
  } else {
    for (int i = 0; i < columns; i++) to[i] = row[i / LANES][i % LANES];
  }
}

// What a call computes, and the number of the thread that does, from 0.
struct units {
  int32_t begin, end, thread;
};

// Packs a right-hand matrix for the kernels below: [blocks of COLUMNS columns][taps · depth][COLUMNS], the last
// block filled up by zeros. Element (tap t, k, column n) is at origin + t·tapStep + k·rowStep + n·columnStep.
// One unit a block.
struct pack_args {
  struct units units;
  ref from, to;
  int32_t taps, depth, columns, origin, tapStep, rowStep, columnStep;
};

KERNEL(pack) {
  for (int block = a->units.begin; block < a->units.end; block++) {
    int first = block * COLUMNS, columns = least(COLUMNS, a->columns - first);
    float *to = AT(float, a->to) + (size_t)block * a->taps * a->depth * COLUMNS;
    for (int t = 0; t < a->taps; t++) {
      const float *from = AT(float, a->from) + (ptrdiff_t)a->origin +
                          (ptrdiff_t)t * a->tapStep + (ptrdiff_t)first * a->columnStep;
      for (int k = 0; k < a->depth; k++, to += COLUMNS) {
        const float *row = from + (ptrdiff_t)k * a->rowStep;
        if (a->columnStep == 1 && columns == COLUMNS) {
          EACH(v, VECTORS) store(to + v * LANES, load(row + v * LANES));
        } else {
          for (int n = 0; n < COLUMNS; n++)
            to[n] = n < columns ? row[(ptrdiff_t)n * a->columnStep] : 0;
        }
      }
    }
  }
}

// What becomes of a sum: the bias is added, then ReLU is taken; or it is kept where the mask is above 0. NaN stays.
struct finish {
  const float *bias;
  int relu;
};

// The first numbers of a vector, the rest zeros.
INLINE vf load_some(const float *from, int count) {
  if (count >= LANES) return load(from);
  vf x = {0};
  for (int i = 0; i < count; i++) x[i] = from[i];
  return x;
}

INLINE void store_some(float *to, vf x, int count) {
  if (count >= LANES) store(to, x);
  else for (int i = 0; i < count; i++) to[i] = x[i];
}

// Of a vector at column `at` of a row, of which `count` numbers count.
INLINE vf finished(vf x, struct finish finish, const float *mask, int at, int count) {
  if (finish.bias) x += load_some(finish.bias + at, count);
  if (finish.relu) x = drop(greater((vf){0}, x), x);
  if (mask) x = keep(greater(load_some(mask + at, count), (vf){0}), x);
  return x;
}

// The sum over `segments` stretches of `length` numbers of each row times the first `vectors` vectors of the packed
// matrix's rows.
INLINE void product_tile(int rows, int vectors, const float *const *row, int segments, ptrdiff_t step,
                         int length, const float *b, float *const *to, const float *const *mask,
                         struct finish finish, int columns) {
  vf sum[ROWS][VECTORS];
  EACH(r, rows) EACH(v, VECTORS) sum[r][v] = (vf){0};
  const float *p[ROWS];
  EACH(r, rows) p[r] = row[r];
  for (int s = 0; s < segments; s++) {
    for (int k = 0; k < length; k++, b += COLUMNS) {
      vf w[VECTORS];
      EACH(v, vectors) w[v] = load(b + v * LANES);
      EACH(r, rows) {
        vf x = splat(p[r][k]);
        EACH(v, vectors) sum[r][v] += x * w[v];
      }
    }
    EACH(r, rows) p[r] += step;
  }
  for (int r = 0; r < rows; r++) {
    EACH(v, VECTORS) sum[r][v] = finished(sum[r][v], finish, mask[r], v * LANES, columns - v * LANES);
    store_row(to[r], sum[r], columns);
  }
}

// The same for at most ROWS rows.
static __attribute__((noinline)) void product_rows(int rows, const float *const *row, int segments, ptrdiff_t step,
                                                   int length, const float *b, float *const *to,
                                                   const float *const *mask, struct finish finish, int columns) {
#define TILE(n)                                                                             \
  case n:                                                                                   \
    if (columns <= LANES)                                                                   \
      product_tile(n, 1, row, segments, step, length, b, to, mask, finish, columns);       \
    else                                                                                    \
      product_tile(n, VECTORS, row, segments, step, length, b, to, mask, finish, columns); \
    break;
  switch (rows) {
    TILE(1) TILE(2) TILE(3) TILE(4)
#if ROWS == 6
    TILE(5) TILE(6)
#endif
  }
#undef TILE
}

// Where row q = (image, y, x) starts: image·imageStep + y·yStep + x·xStep.
struct place {
  int32_t imageStep, yStep, xStep;
};

INLINE ptrdiff_t at_place(struct place p, int image, int y, int x) {
  return (ptrdiff_t)image * p.imageStep + (ptrdiff_t)y * p.yStep + (ptrdiff_t)x * p.xStep;
}

// The product of rows found by place and a packed matrix: a convolution with the kernel's rows as segments, or,
// with one segment, a matrix product. `bias` and `mask` may be none. A unit is `chunk` rows of one block of columns,
// blocks outermost.
struct product_args {
  struct units units;
  ref from, packed, to, bias, mask;
  int32_t rows, columns, height, width;
  struct place fromPlace, toPlace, maskPlace;
  int32_t segments, segmentStep, length;
  int32_t relu, chunk;
};

KERNEL(product) {
  int chunks = (a->rows + a->chunk - 1) / a->chunk, area = a->height * a->width;
  for (int unit = a->units.begin; unit < a->units.end; unit++) {
    int block = unit / chunks, first = unit % chunks * a->chunk, column = block * COLUMNS;
    int last = least(first + a->chunk, a->rows), columns = least(COLUMNS, a->columns - column);
    const float *b = AT(float, a->packed) + (size_t)block * a->segments * a->length * COLUMNS;
    struct finish finish = {a->bias ? AT(float, a->bias) + column : 0, a->relu};
    for (int q = first; q < last; q += ROWS) {
      int rows = least(ROWS, last - q);
      const float *row[ROWS], *mask[ROWS];
      float *to[ROWS];
      for (int r = 0; r < rows; r++) {
        int image = (q + r) / area, y = (q + r) % area / a->width, x = (q + r) % a->width;
        row[r] = AT(float, a->from) + at_place(a->fromPlace, image, y, x);
        to[r] = AT(float, a->to) + at_place(a->toPlace, image, y, x) + column;
        mask[r] = a->mask ? AT(float, a->mask) + at_place(a->maskPlace, image, y, x) + column : 0;
      }
      product_rows(rows, row, a->segments, a->segmentStep, a->length, b, to, mask, finish, columns);
    }
  }
}

// Pooling of windows that lie side by side, whole vectors of channels at a time: their average, or their largest.
// Pixel (image, y, x) of the output is at `toPlace`; its window begins at pixel (y·size, x·size) of `from`. A unit
// is an image.
struct pool_args {
  struct units units;
  ref from, to;
  int32_t height, width, channels, size, largest;
  struct place fromPlace, toPlace;
};

INLINE vf choose(vm m, vf a, vf b) { return (vf)((vi)keep(m, a) | (vi)drop(m, b)); }

KERNEL(pool) {
  float weight = 1.0f / (a->size * a->size);
  for (int image = a->units.begin; image < a->units.end; image++)
    for (int y = 0; y < a->height; y++)
      for (int x = 0; x < a->width; x++) {
        const float *from = AT(float, a->from) + at_place(a->fromPlace, image, y * a->size, x * a->size);
        float *to = AT(float, a->to) + at_place(a->toPlace, image, y, x);
        for (int c = 0; c < a->channels; c += LANES) {
          int count = a->channels - c;
          vf result = a->largest ? load_some(from + c, count) : (vf){0};
          for (int dy = 0; dy < a->size; dy++)
            for (int dx = 0; dx < a->size; dx++) {
              vf tap = load_some(from + at_place(a->fromPlace, 0, dy, dx) + c, count);
              if (a->largest) result = choose(greater(tap, result) | differs(tap, tap), tap, result);
              else result += tap;
            }
          if (!a->largest) result *= weight;
          store_some(to + c, result, count);
        }
      }
}

// The gradient of pooling: each window's gradient `dy` goes to its pixels alike, or to the first of the largest. `x` is
// what was pooled; with `relu` the gradient passes only where it is above 0. Gradient and input lie at their own
// places. A unit is an image.
struct pool_gradient_args {
  struct units units;
  ref dy, x, dx;
  int32_t height, width, channels, size, largest, relu;
  struct place dyPlace, xPlace, dxPlace;
};

KERNEL(pool_gradient) {
  float weight = 1.0f / (a->size * a->size);
  for (int image = a->units.begin; image < a->units.end; image++)
    for (int y = 0; y < a->height; y++)
      for (int x = 0; x < a->width; x++) {
        const float *dy = AT(float, a->dy) + at_place(a->dyPlace, image, y, x);
        const float *in = AT(float, a->x) + at_place(a->xPlace, image, y * a->size, x * a->size);
        float *out = AT(float, a->dx) + at_place(a->dxPlace, image, y * a->size, x * a->size);
        for (int c = 0; c < a->channels; c += LANES) {
          int count = a->channels - c;
          vf gradient = load_some(dy + c, count), best = load_some(in + c, count), bestTap = {0};
          if (!a->largest) gradient *= weight;
          if (a->largest)
            for (int tap = 1; tap < a->size * a->size; tap++) {
              vf value = load_some(in + at_place(a->xPlace, 0, tap / a->size, tap % a->size) + c, count);
              vm above = greater(value, best);
              best = choose(above, value, best);
              bestTap = choose(above, splat(tap), bestTap);
            }
          for (int tap = 0; tap < a->size * a->size; tap++) {
            int v = tap / a->size, u = tap % a->size;
            vf part = gradient;
            if (a->largest) part = drop(differs(bestTap, splat(tap)), part);
            if (a->relu) {
              vf value = load_some(in + at_place(a->xPlace, 0, v, u) + c, count);
              part = keep(greater(value, (vf){0}), part);
            }
            store_some(out + at_place(a->dxPlace, 0, v, u) + c, part, count);
          }
        }
      }
}

// Adds to a tile of `to` the sum over pixels of a column vector (numbers beside each other at `left`) times a
// row vector (packed).
INLINE void outer_tile(int rows, const float *left, const int32_t *segment, int segments, int width,
                       ptrdiff_t xStep, const float *b, float *to, ptrdiff_t to_step, int columns,
                       int fresh) {
  vf sum[ROWS][VECTORS];
  EACH(r, rows) EACH(v, VECTORS) sum[r][v] = (vf){0};
  for (int s = 0; s < segments; s++) {
    const float *p = left + segment[s];
    for (int x = 0; x < width; x++, p += xStep, b += COLUMNS) {
      vf w[VECTORS];
      EACH(v, VECTORS) w[v] = load(b + v * LANES);
      EACH(r, rows) {
        vf value = splat(p[r]);
        EACH(v, VECTORS) sum[r][v] += value * w[v];
      }
    }
  }
  EACH(r, rows) {
    float *row = to + r * to_step;
    if (!fresh) {
      if (columns == COLUMNS) {
        EACH(v, VECTORS) sum[r][v] += load(row + v * LANES);
      } else {
        vf before[VECTORS] = {{0}};
        for (int i = 0; i < columns; i++) before[i / LANES][i % LANES] = row[i];
        EACH(v, VECTORS) sum[r][v] += before[v];
      }
    }
    store_row(row, sum[r], columns);
  }
}

// The gradient of a convolution's filter: for each kernel row, [length = kernel width · channels][columns] =
// Σ over pixels of input (outer) output gradient. `segments` lists where each output row starts in the padded
// input; the output gradient is packed. Pixels are taken in chunks of `chunk` segments, which fit the cache. A
// unit is `group` rows of `to` of one kernel row and one block of columns, blocks outermost.
struct outer_args {
  struct units units;
  ref from, packed, to, segment;
  int32_t segments, width, xStep;
  int32_t kernelRows, kernelStep, length, columns;
  int32_t chunk, group;
};

KERNEL(outer) {
  int groups = (a->length + a->group - 1) / a->group;
  for (int unit = a->units.begin; unit < a->units.end; unit++) {
    int block = unit / (groups * a->kernelRows), k = unit / groups % a->kernelRows;
    int first = unit % groups * a->group, last = least(first + a->group, a->length);
    int columns = least(COLUMNS, a->columns - block * COLUMNS);
    const float *packed =
        AT(float, a->packed) + (size_t)block * a->segments * a->width * COLUMNS;
    const float *from = AT(float, a->from) + (ptrdiff_t)k * a->kernelStep;
    float *to = AT(float, a->to) + (size_t)k * a->length * a->columns + block * COLUMNS;
    for (int s = 0; s < a->segments; s += a->chunk) {
      int segments = least(a->chunk, a->segments - s);
      const int32_t *segment = AT(int32_t, a->segment) + s;
      const float *b = packed + (size_t)s * a->width * COLUMNS;
      for (int i = first; i < last; i += ROWS) {
#define TILE(n)                                                                          \
  case n:                                                                                \
    outer_tile(n, from + i, segment, segments, a->width, a->xStep, b,                   \
               to + (size_t)i * a->columns, a->columns, columns, s == 0);                \
    break;
        switch (least(ROWS, last - i)) {
          TILE(1) TILE(2) TILE(3) TILE(4)
#if ROWS == 6
          TILE(5) TILE(6)
#endif
        }
#undef TILE
      }
    }
  }
}

struct tile_args {
  int32_t rows, columns;
};

// The size of a tile, which the caller needs to lay out packed matrices.
KERNEL(tile) {
  a->rows = ROWS;
  a->columns = COLUMNS;
}
