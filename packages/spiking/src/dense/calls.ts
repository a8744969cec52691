import type { DensePool } from './pool.js';
import type { Floats } from './shapes.js';
import { winogradUnits, type Outputs } from './winograd.js';

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

/** A matrix in the heap as the kernels read it, in blocks of columns; or a filter 3 × 3, transformed. */
export interface Packed {
  readonly at: number;
  /** What {@link winogradOutputs} says; 0 for a matrix. */
  readonly outputs: Outputs;
}

/** Where row q = (image, y, x) starts: image·imageStep + y·yStep + x·xStep. */
export interface Place {
  readonly imageStep: number;
  readonly yStep: number;
  readonly xStep: number;
}

/** Row q = (image, y, x) of a left-hand matrix: `segments` stretches of `length` numbers, `segmentStep` apart. */
export interface RowLayout {
  readonly rows: number;
  readonly height: number;
  readonly width: number;
  readonly place: Place;
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

/** Where a product goes, and what becomes of it on the way; offsets of 0 mean none. */
export interface Destination {
  readonly to: number;
  readonly place: Place;
  /** The offset of [columns] numbers that are added. */
  readonly bias?: number;
  /** Whether ReLU is taken, after the bias. */
  readonly relu?: boolean;
  /** The offset of what must be above 0 where the product is kept, and where its rows lie. */
  readonly mask?: { readonly at: number; readonly place: Place };
}

const nowhere: Place = { imageStep: 0, yStep: 0, xStep: 0 };

/** The kernels as functions between buffers of the pool's heap. */
export class DenseCalls {
  readonly pool: DensePool;
  /** Rows and columns of a tile: packed matrices are laid out in blocks of so many columns. */
  readonly #tile: { readonly rows: number; readonly columns: number };

  constructor(pool: DensePool) {
    this.pool = pool;
    const [rows, columns] = pool.tileSize();
    this.#tile = { rows, columns };
  }

  copyIn(source: Floats, length: number): number {
    const at = this.pool.allocate(4 * length);
    this.pool.floats(at, length).set(source);
    return at;
  }

  /**
   * Lays out a matrix as the other kernels read it.
   *
   * @param outputs above 0 transforms it, which has 9 taps then, for convolutions as {@link winogradOutputs} says
   */
  pack(source: Floats, m: MatrixLayout, outputs: Outputs = 0): Packed {
    const { taps, depth, columns, origin = 0, tapStep = 0, rowStep, columnStep } = m;
    const length = taps * depth * columns;
    const plain = columnStep === 1 && (taps === 1 || tapStep === depth * rowStep);
    if (outputs === 0 && plain && columns === this.#tile.columns) {
      return { at: this.copyIn(source, length), outputs };
    }
    const blocks = this.#blocks(columns);
    const points = outputs === 0 ? taps : (outputs + 2) ** 2;
    const size = blocks * this.#tile.columns * points * depth;
    const to = this.pool.allocate(4 * size);
    this.pool.scope(() => {
      const from = this.copyIn(source, length);
      const common = { from, to, depth, columns, origin, tapStep, rowStep, columnStep };
      if (outputs === 0) this.pool.run('pack', { ...common, taps }, blocks, size);
      else this.pool.run('winogradPack', { ...common, outputs }, blocks, size);
    });
    return { at: to, outputs };
  }

  /** @returns [rows, columns] */
  product(from: number, p: RowLayout, packed: Packed, columns: number): Float32Array {
    const to = this.pool.allocate(4 * p.rows * columns);
    const xStep = columns;
    const yStep = p.width * xStep;
    this.productTo(from, p, packed, columns, {
      to,
      place: { imageStep: p.height * yStep, yStep, xStep },
    });
    return this.pool.floats(to, p.rows * columns);
  }

  /** The product, written to a place of its own. */
  productTo(
    from: number,
    p: RowLayout,
    { at: packed, outputs }: Packed,
    columns: number,
    destination: Destination,
  ): void {
    if (outputs > 0) {
      this.#winograd(from, p, { at: packed, outputs }, columns, destination);
      return;
    }
    const { to, place, bias = 0, relu = false, mask } = destination;
    const { rows, height, width, segments, segmentStep, length } = p;
    this.pool.run(
      'product',
      {
        ...{ from, packed, to, bias, mask: mask?.at ?? 0, rows, columns, height, width },
        ...{ fromPlace: p.place, toPlace: place, maskPlace: mask?.place ?? nowhere },
        ...{ segments, segmentStep, length, relu: Number(relu), chunk: rowsPerUnit },
      },
      this.#blocks(columns) * Math.ceil(rows / rowsPerUnit),
      rows * columns * segments * length,
    );
  }

  /** The convolution whose windows are the rows. */
  #winograd(
    from: number,
    { rows, height, width, place: fromPlace, length }: RowLayout,
    { at: packed, outputs }: Packed,
    columns: number,
    { to, place, bias = 0, relu = false, mask }: Destination,
  ): void {
    const { pool } = this;
    const [images, depth] = [rows / (height * width), length / 3];
    const shape = { images, outHeight: height, outWidth: width, channels: depth, filters: columns };
    const { tiles, blocks, units, floatsPerThread } = winogradUnits(outputs, shape, this.#tile);
    pool.scope(() => {
      const scratch = pool.allocate(4 * pool.threads * floatsPerThread);
      pool.run(
        'winograd',
        {
          ...{ from, packed, to, bias, mask: mask?.at ?? 0, scratch },
          ...{ images, height, width, depth, columns },
          ...{ fromPlace, toPlace: place, maskPlace: mask?.place ?? nowhere },
          ...{ relu: Number(relu), outputs, tiles, blocks },
        },
        units,
        rows * columns * depth,
      );
    });
  }

  /** @returns [kernelRows, length, columns], Σ over pixels of left numbers (outer) right row */
  outer(from: number, p: PixelLayout, { at: packed }: Packed, columns: number): Float32Array {
    const size = p.kernelRows * p.length * columns;
    const to = this.pool.allocate(4 * size);
    const segment = this.pool.allocate(4 * p.segments.length);
    this.pool.integers(segment, p.segments.length).set(p.segments);
    const { segments, width, xStep, kernelRows, kernelStep, length } = p;
    this.pool.run(
      'outer',
      {
        ...{ from, packed, to, segment, segments: segments.length, width, xStep },
        ...{ kernelRows, kernelStep, length, columns },
        ...{ chunk: Math.max(1, Math.floor(pixelsPerPass / width)), group: outerRowsPerUnit },
      },
      this.#blocks(columns) * kernelRows * Math.ceil(length / outerRowsPerUnit),
      segments.length * width * size,
    );
    return this.pool.floats(to, size);
  }

  #blocks(columns: number): number {
    return Math.ceil(columns / this.#tile.columns);
  }
}
