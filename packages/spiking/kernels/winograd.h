// Winograd's minimal filtering F(m × m, 3 × 3) (Lavin and Gray 2016): a convolution with stride 1 computes m × m outputs
// at a time, of a tile of (m + 2) × (m + 2) inputs. Tiles and weights are transformed, Bᵀ x B and G g Gᵀ; their
// product over channels is a matrix product at each of the tile's points; Aᵀ (…) A gives the outputs. That takes
// (m + 2)² products for 9 m²: 2.25 times fewer with m = 2, 4 times with m = 4.
#pragma once
#include "dense.h"
#include "filtering.h"

// The largest m, and side of a tile.
#define MOST_OUT 4
#define MOST_IN 6

// Transforms a filter, of which element (tap t, k, column n) is at origin + t·tapStep + k·rowStep + n·columnStep, and
// packs it: [blocks of COLUMNS columns][points][depth][COLUMNS]. One unit a block.
struct winograd_pack_args {
  struct units units;
  ref from, to;
  int32_t outputs, depth, columns, origin, tapStep, rowStep, columnStep;
};

INLINE void winograd_pack_with(HEAP_PARAM struct winograd_pack_args *a, int m) {
  int side = m + 2;
  size_t plane = (size_t)a->depth * COLUMNS;
  for (int block = a->units.begin; block < a->units.end; block++)
    for (int k = 0; k < a->depth; k++)
      for (int v = 0; v < VECTORS; v++) {
        int first = block * COLUMNS + v * LANES, columns = least(LANES, a->columns - first);
        const float *from = AT(float, a->from) + (ptrdiff_t)a->origin + (ptrdiff_t)k * a->rowStep +
                            (ptrdiff_t)first * a->columnStep;
        float *to = AT(float, a->to) + block * side * side * plane + (size_t)k * COLUMNS + v * LANES;
        vf half[MOST_IN][3];
        for (int x = 0; x < 3; x++) {
          vf g[3], line[MOST_IN];
          for (int y = 0; y < 3; y++) {
            const float *tap = from + (ptrdiff_t)(3 * y + x) * a->tapStep;
            if (a->columnStep == 1) {
              g[y] = load_some(tap, columns);
            } else {
              g[y] = (vf){0};
              for (int n = 0; n < columns; n++) g[y][n] = tap[(ptrdiff_t)n * a->columnStep];
            }
          }
          weight_line(m, g, line);
          EACH(i, side) half[i][x] = line[i];
        }
        for (int i = 0; i < side; i++) {
          vf line[MOST_IN];
          weight_line(m, half[i], line);
          EACH(j, side) store(to + (i * side + j) * plane, line[j]);
        }
      }
}

KERNEL(winograd_pack) {
  if (a->outputs == 2) winograd_pack_with(HEAP_ARG a, 2);
  else winograd_pack_with(HEAP_ARG a, 4);
}

// `count` channels of a tile, of which `rows` × `columns` pixels are there and the others 0.
INLINE void input_vector(int m, const float *from, struct place place, int rows, int columns, int count, float *to,
                         ptrdiff_t plane) {
  int side = m + 2;
  vf half[MOST_IN][MOST_IN];
  EACH(j, side) {
    vf x[MOST_IN], line[MOST_IN];
    EACH(i, side) x[i] = i < rows && j < columns ? load_some(from + at_place(place, 0, i, j), count) : (vf){0};
    input_line(m, x, line);
    EACH(i, side) half[i][j] = line[i];
  }
  EACH(i, side) {
    vf line[MOST_IN];
    input_line(m, half[i], line);
    EACH(j, side) store(to + (i * side + j) * plane, line[j]);
  }
}

// `count` columns of a tile's outputs, of which `rows` × `columns` pixels are there.
INLINE void output_vector(int m, const float *from, ptrdiff_t plane, int rows, int columns, int count, float *to,
                          struct place place, const float *mask, struct place maskPlace, struct finish finish) {
  int side = m + 2;
  vf half[MOST_OUT][MOST_IN];
  EACH(j, side) {
    vf x[MOST_IN], line[MOST_OUT];
    EACH(i, side) x[i] = load(from + (i * side + j) * plane);
    output_line(m, x, line);
    EACH(i, m) half[i][j] = line[i];
  }
  EACH(i, m) {
    vf line[MOST_OUT];
    output_line(m, half[i], line);
    EACH(j, m) if (i < rows && j < columns) {
      const float *kept = mask ? mask + at_place(maskPlace, 0, i, j) : 0;
      store_some(to + at_place(place, 0, i, j), finished(line[j], finish, kept, 0, count), count);
    }
  }
}

// A convolution 3 × 3 with stride 1 of images in frames that hold height + 2 by width + 2 pixels, m = `outputs`. A unit is
// `tiles` tiles by `blocks` blocks of columns, tiles outermost. Each thread keeps what it has transformed at `scratch`.
struct winograd_args {
  struct units units;
  ref from, packed, to, bias, mask, scratch;
  int32_t images, height, width, depth, columns;
  struct place fromPlace, toPlace, maskPlace;
  int32_t relu, outputs, tiles, blocks;
};

INLINE void winograd_with(HEAP_PARAM struct winograd_args *a, int m) {
  int side = m + 2, points = side * side;
  int across = (a->width + m - 1) / m, area = (a->height + m - 1) / m * across, tiles = a->images * area;
  int allBlocks = (a->columns + COLUMNS - 1) / COLUMNS, parts = (allBlocks + a->blocks - 1) / a->blocks;
  // Planes that are not powers of two apart, for the cache's sake.
  ptrdiff_t depth = (a->depth + LANES - 1) / LANES * LANES, inPlane = a->tiles * depth + 16;
  ptrdiff_t wide = (ptrdiff_t)a->blocks * COLUMNS, outPlane = a->tiles * wide + 16;
  float *in = AT(float, a->scratch) + a->units.thread * points * (inPlane + outPlane), *out = in + points * inPlane;
  const float *none[ROWS] = {0};
  int transformed = -1;
  for (int unit = a->units.begin; unit < a->units.end; unit++) {
    int group = unit / parts, first = group * a->tiles, count = least(a->tiles, tiles - first);
    int firstBlock = unit % parts * a->blocks, blocks = least(a->blocks, allBlocks - firstBlock);
    if (group != transformed) {
      for (int t = 0; t < count; t++) {
        int image = (first + t) / area, y = (first + t) % area / across * m, x = (first + t) % across * m;
        int rows = a->height + 2 - y, columns = a->width + 2 - x;
        for (int c = 0; c < a->depth; c += LANES) {
          const float *from = AT(float, a->from) + at_place(a->fromPlace, image, y, x) + c;
          float *to = in + t * depth + c;
          if (rows >= side && columns >= side && a->depth - c >= LANES)
            input_vector(m, from, a->fromPlace, side, side, LANES, to, inPlane);
          else
            input_vector(m, from, a->fromPlace, rows, columns, a->depth - c, to, inPlane);
        }
      }
      transformed = group;
    }
    for (int e = 0; e < points; e++)
      for (int block = 0; block < blocks; block++) {
        const float *b = AT(float, a->packed) + ((size_t)(firstBlock + block) * points + e) * a->depth * COLUMNS;
        for (int q = 0; q < count; q += ROWS) {
          int rows = least(ROWS, count - q);
          const float *row[ROWS];
          float *to[ROWS];
          for (int r = 0; r < rows; r++) {
            row[r] = in + e * inPlane + (q + r) * depth;
            to[r] = out + e * outPlane + (q + r) * wide + block * COLUMNS;
          }
          product_rows(rows, row, 1, 0, a->depth, b, to, none, (struct finish){0, 0}, COLUMNS);
        }
      }
    for (int t = 0; t < count; t++) {
      int image = (first + t) / area, y = (first + t) % area / across * m, x = (first + t) % across * m;
      int rows = a->height - y, columns = a->width - x, start = firstBlock * COLUMNS;
      int end = least(a->columns, start + blocks * COLUMNS);
      for (int n = start; n < end; n += LANES) {
        const float *from = out + t * wide + n - start;
        float *to = AT(float, a->to) + at_place(a->toPlace, image, y, x) + n;
        const float *mask = a->mask ? AT(float, a->mask) + at_place(a->maskPlace, image, y, x) + n : 0;
        struct finish finish = {a->bias ? AT(float, a->bias) + n : 0, a->relu};
        if (rows >= m && columns >= m && end - n >= LANES)
          output_vector(m, from, outPlane, m, m, LANES, to, a->toPlace, mask, a->maskPlace, finish);
        else
          output_vector(m, from, outPlane, rows, columns, end - n, to, a->toPlace, mask, a->maskPlace, finish);
      }
    }
  }
}

KERNEL(winograd) {
  if (a->outputs == 2) winograd_with(HEAP_ARG a, 2);
  else winograd_with(HEAP_ARG a, 4);
}
#undef P
#undef Q
