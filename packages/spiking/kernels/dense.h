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

struct units {
  int32_t begin, end;
};

// Packs a right-hand matrix for the kernels below: [blocks of COLUMNS columns][taps · depth][COLUMNS], the last
// block filled up by zeros. Element (tap t, k, column n) is at origin + t·tap_step + k·row_step + n·column_step.
// One unit a block.
struct pack_args {
  struct units units;
  ref from, to;
  int32_t taps, depth, columns, origin, tap_step, row_step, column_step;
};

KERNEL(pack) {
  for (int block = a->units.begin; block < a->units.end; block++) {
    int first = block * COLUMNS, columns = least(COLUMNS, a->columns - first);
    float *to = AT(float, a->to) + (size_t)block * a->taps * a->depth * COLUMNS;
    for (int t = 0; t < a->taps; t++) {
      const float *from = AT(float, a->from) + (ptrdiff_t)a->origin +
                          (ptrdiff_t)t * a->tap_step + (ptrdiff_t)first * a->column_step;
      for (int k = 0; k < a->depth; k++, to += COLUMNS) {
        const float *row = from + (ptrdiff_t)k * a->row_step;
        if (a->column_step == 1 && columns == COLUMNS) {
          EACH(v, VECTORS) store(to + v * LANES, load(row + v * LANES));
        } else {
          for (int n = 0; n < COLUMNS; n++)
            to[n] = n < columns ? row[(ptrdiff_t)n * a->column_step] : 0;
        }
      }
    }
  }
}

// The sum over `segments` stretches of `length` numbers of each row times the packed matrix.
INLINE void product_tile(int rows, const float *const *row, int segments, ptrdiff_t step, int length,
                         const float *b, float *to, ptrdiff_t to_step, int columns) {
  vf sum[ROWS][VECTORS];
  EACH(r, rows) EACH(v, VECTORS) sum[r][v] = (vf){0};
  const float *p[ROWS];
  EACH(r, rows) p[r] = row[r];
  for (int s = 0; s < segments; s++) {
    for (int k = 0; k < length; k++, b += COLUMNS) {
      vf w[VECTORS];
      EACH(v, VECTORS) w[v] = load(b + v * LANES);
      EACH(r, rows) {
        vf x = splat(p[r][k]);
        EACH(v, VECTORS) sum[r][v] += x * w[v];
      }
    }
    EACH(r, rows) p[r] += step;
  }
  EACH(r, rows) store_row(to + r * to_step, sum[r], columns);
}

// The product of rows found by place and a packed matrix: a convolution with the kernel's rows as segments, or,
// with one segment, a matrix product. Row q = (image, y, x) starts at image·image_step + y·y_step + x·x_step.
// A unit is `chunk` rows of one block of columns, blocks outermost.
struct product_args {
  struct units units;
  ref from, packed, to;
  int32_t rows, columns, height, width;
  int32_t image_step, y_step, x_step;
  int32_t segments, segment_step, length;
  int32_t chunk;
};

KERNEL(product) {
  int chunks = (a->rows + a->chunk - 1) / a->chunk, area = a->height * a->width;
  for (int unit = a->units.begin; unit < a->units.end; unit++) {
    int block = unit / chunks, first = unit % chunks * a->chunk;
    int last = least(first + a->chunk, a->rows), columns = least(COLUMNS, a->columns - block * COLUMNS);
    const float *b = AT(float, a->packed) + (size_t)block * a->segments * a->length * COLUMNS;
    float *to = AT(float, a->to) + block * COLUMNS;
    for (int q = first; q < last; q += ROWS) {
      int rows = least(ROWS, last - q);
      const float *row[ROWS];
      for (int r = 0; r < rows; r++) {
        int image = (q + r) / area, y = (q + r) % area / a->width, x = (q + r) % a->width;
        row[r] = AT(float, a->from) + (ptrdiff_t)image * a->image_step + (ptrdiff_t)y * a->y_step +
                 (ptrdiff_t)x * a->x_step;
      }
      float *out = to + (size_t)q * a->columns;
#define TILE(n) \
  case n: product_tile(n, row, a->segments, a->segment_step, a->length, b, out, a->columns, columns); break;
      switch (rows) {
        TILE(1) TILE(2) TILE(3) TILE(4)
#if ROWS == 6
        TILE(5) TILE(6)
#endif
      }
#undef TILE
    }
  }
}

// Adds to a tile of `to` the sum over pixels of a column vector (numbers beside each other at `left`) times a
// row vector (packed).
INLINE void outer_tile(int rows, const float *left, const int32_t *segment, int segments, int width,
                       ptrdiff_t x_step, const float *b, float *to, ptrdiff_t to_step, int columns,
                       int fresh) {
  vf sum[ROWS][VECTORS];
  EACH(r, rows) EACH(v, VECTORS) sum[r][v] = (vf){0};
  for (int s = 0; s < segments; s++) {
    const float *p = left + segment[s];
    for (int x = 0; x < width; x++, p += x_step, b += COLUMNS) {
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
  int32_t segments, width, x_step;
  int32_t kernel_rows, kernel_step, length, columns;
  int32_t chunk, group;
};

KERNEL(outer) {
  int groups = (a->length + a->group - 1) / a->group;
  for (int unit = a->units.begin; unit < a->units.end; unit++) {
    int block = unit / (groups * a->kernel_rows), k = unit / groups % a->kernel_rows;
    int first = unit % groups * a->group, last = least(first + a->group, a->length);
    int columns = least(COLUMNS, a->columns - block * COLUMNS);
    const float *packed =
        AT(float, a->packed) + (size_t)block * a->segments * a->width * COLUMNS;
    const float *from = AT(float, a->from) + (ptrdiff_t)k * a->kernel_step;
    float *to = AT(float, a->to) + (size_t)k * a->length * a->columns + block * COLUMNS;
    for (int s = 0; s < a->segments; s += a->chunk) {
      int segments = least(a->chunk, a->segments - s);
      const int32_t *segment = AT(int32_t, a->segment) + s;
      const float *b = packed + (size_t)s * a->width * COLUMNS;
      for (int i = first; i < last; i += ROWS) {
#define TILE(n)                                                                          \
  case n:                                                                                \
    outer_tile(n, from + i, segment, segments, a->width, a->x_step, b,                   \
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
