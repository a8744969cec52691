import type { DensePool } from './pool.js';
import type { Floats } from './shapes.js';

/** Numbers of the kernels in kernels/dense.c. */
const op = { tile: 64, pack: 65, product: 66, outer: 67 };
/** Rows of a unit of a product: enough to pay for reading its columns. */
const rowsPerUnit = 96;
/** Pixels whose outer products are summed at a time, so that both factors stay in the level-2 cache. */
const pixelsPerPass = 256;
/** Rows of a unit of a sum of outer products. */
const outerRowsPerUnit = 48;

/** Where the elements of a right-hand matrix lie: (tap t, k, column n) at origin + t·tapStep + k·rowStep + n·columnStep. */
export interface MatrixLayout {
  readonly taps: number;
  readonly depth: number;
  readonly columns: number;
  readonly origin?: number;
  readonly tapStep?: number;
  readonly rowStep: number;
  readonly columnStep: number;
}

/** Row q = (image, y, x) of a left-hand matrix: `segments` stretches of `length` numbers, `segmentStep` apart. */
export interface RowLayout {
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly imageStep: number;
  readonly yStep: number;
  readonly xStep: number;
  readonly segments: number;
  readonly segmentStep: number;
  readonly length: number;
}

/** The pixels of a sum of outer products: runs of `width`, `xStep` apart, that start at `segments`. */
export interface PixelLayout {
  readonly segments: readonly number[];
  readonly width: number;
  readonly xStep: number;
  readonly kernelRows: number;
  readonly kernelStep: number;
  readonly length: number;
}

/** The kernels as functions between buffers of the pool's heap. */
export class DenseCalls {
  readonly pool: DensePool;
  /** Columns of a tile: packed matrices are laid out in blocks of so many. */
  readonly #tileColumns: number;

  constructor(pool: DensePool) {
    this.pool = pool;
    [, this.#tileColumns] = pool.query(op.tile);
  }

  copyIn(source: Floats, length: number): number {
    const at = this.pool.allocate(4 * length);
    this.pool.floats(at, length).set(source);
    return at;
  }

  /** Lays out a matrix in blocks of columns, as the other kernels read it. */
  pack(source: Floats, m: MatrixLayout): number {
    const from = this.copyIn(source, m.taps * m.depth * m.columns);
    if (m.columns === this.#tileColumns && m.columnStep === 1 && m.taps === 1) return from;
    const blocks = this.#blocks(m.columns);
    const size = blocks * this.#tileColumns * m.taps * m.depth;
    const to = this.pool.allocate(4 * size);
    this.pool.run(
      op.pack,
      [
        ...[from, to, m.taps, m.depth, m.columns],
        ...[m.origin ?? 0, m.tapStep ?? 0, m.rowStep, m.columnStep],
      ],
      blocks,
      size,
    );
    return to;
  }

  /** @returns [rows, columns] */
  product(from: number, p: RowLayout, packed: number, columns: number): Float32Array {
    const to = this.pool.allocate(4 * p.rows * columns);
    this.pool.run(
      op.product,
      [
        ...[from, packed, to, p.rows, columns, p.height, p.width],
        ...[p.imageStep, p.yStep, p.xStep, p.segments, p.segmentStep, p.length, rowsPerUnit],
      ],
      this.#blocks(columns) * Math.ceil(p.rows / rowsPerUnit),
      p.rows * columns * p.segments * p.length,
    );
    return this.pool.floats(to, p.rows * columns);
  }

  /** @returns [kernelRows, length, columns], Σ over pixels of left numbers (outer) right row */
  outer(from: number, p: PixelLayout, packed: number, columns: number): Float32Array {
    const size = p.kernelRows * p.length * columns;
    const to = this.pool.allocate(4 * size);
    const segment = this.pool.allocate(4 * p.segments.length);
    this.pool.integers(segment, p.segments.length).set(p.segments);
    this.pool.run(
      op.outer,
      [
        ...[from, packed, to, segment, p.segments.length, p.width, p.xStep],
        ...[p.kernelRows, p.kernelStep, p.length, columns],
        ...[Math.max(1, Math.floor(pixelsPerPass / p.width)), outerRowsPerUnit],
      ],
      this.#blocks(columns) * p.kernelRows * Math.ceil(p.length / outerRowsPerUnit),
      p.segments.length * p.width * size,
    );
    return this.pool.floats(to, size);
  }

  #blocks(columns: number): number {
    return Math.ceil(columns / this.#tileColumns);
  }
}
