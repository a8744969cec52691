import { DensePool, type DensePoolOptions } from './pool.js';

/** Numbers of the kernels in kernels/dense.c. */
const op = { tile: 64, pack: 65, product: 66, outer: 67 };
/** Rows of a unit of a product: enough to pay for reading its columns. */
const rowsPerUnit = 96;
/** Pixels whose outer products are summed at a time, so that both factors stay in the level-2 cache. */
const pixelsPerPass = 256;
/** Rows of a unit of the filter's gradient. */
const filterRowsPerUnit = 48;
/** Working memory above which a batch is split, in floats. */
const floatsPerPass = 2 ** 26;

/** A convolution, channels last: input [images, height, width, channels], filter [kernelHeight, kernelWidth, channels, filters]. */
export interface ConvShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly filters: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Zeros above and left of the image; those below and right follow from the output's size. */
  readonly padTop: number;
  readonly padLeft: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** A matrix product for each of `batch` pairs: [m, k] · [k, n], stored transposed where a flag says so. */
export interface MatMulShape {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** One left (right) matrix serves the whole batch. */
  readonly shareA?: boolean;
  readonly shareB?: boolean;
}

type Floats = ArrayLike<number> & { subarray(start: number, end: number): ArrayLike<number> };

/**
 * Dense linear algebra on SIMD kernels and several threads, synchronous. The same input gives the same bits for
 * any number of threads. Arrays are row-major; results are new arrays.
 */
export class Dense {
  readonly #pool: DensePool;
  /** Columns of a tile: packed matrices are laid out in blocks of so many. */
  readonly #columns: number;

  constructor(options: DensePoolOptions = {}) {
    this.#pool = new DensePool(options);
    [, this.#columns] = this.#pool.query(op.tile);
  }

  get kind(): 'native' | 'wasm' {
    return this.#pool.setup.kind;
  }

  /** "avx512", "avx2", "baseline", "simd128". */
  get instructions(): string {
    return this.#pool.setup.instructions;
  }

  get threads(): number {
    return this.#pool.threads;
  }

  /** Ends the worker threads. */
  close(): Promise<void> {
    return this.#pool.close();
  }

  /** @returns [images, outHeight, outWidth, filters] */
  conv(shape: ConvShape, x: Floats, filter: Floats): Float32Array {
    const s = shape;
    const depth = s.kernelHeight * s.kernelWidth * s.channels;
    return this.#pool.scope(() => {
      const packed = this.#pack(filter, {
        taps: 1,
        depth,
        columns: s.filters,
        rowStep: s.filters,
        columnStep: 1,
      });
      return this.#convolve(
        {
          ...s,
          paddedHeight: paddedSize(s, 'Height'),
          paddedWidth: paddedSize(s, 'Width'),
          spread: [1, 1],
        },
        x,
        packed,
      );
    });
  }

  /**
   * The gradient with respect to the input: the output gradient, spread by the stride, convolved with the
   * filter turned by 180° and its channels swapped.
   *
   * @param dy [images, outHeight, outWidth, filters]
   * @returns [images, height, width, channels]
   */
  convInputGradient(shape: ConvShape, dy: Floats, filter: Floats): Float32Array {
    const s = shape;
    const taps = s.kernelHeight * s.kernelWidth;
    return this.#pool.scope(() => {
      const packed = this.#pack(filter, {
        taps,
        depth: s.filters,
        columns: s.channels,
        origin: (taps - 1) * s.channels * s.filters,
        tapStep: -s.channels * s.filters,
        rowStep: 1,
        columnStep: s.filters,
      });
      return this.#convolve(
        {
          images: s.images,
          height: s.outHeight,
          width: s.outWidth,
          channels: s.filters,
          kernelHeight: s.kernelHeight,
          kernelWidth: s.kernelWidth,
          filters: s.channels,
          strideHeight: 1,
          strideWidth: 1,
          padTop: s.kernelHeight - 1 - s.padTop,
          padLeft: s.kernelWidth - 1 - s.padLeft,
          outHeight: s.height,
          outWidth: s.width,
          paddedHeight: s.height + s.kernelHeight - 1,
          paddedWidth: s.width + s.kernelWidth - 1,
          spread: [s.strideHeight, s.strideWidth],
        },
        dy,
        packed,
      );
    });
  }

  /**
   * The gradient with respect to the filter, summed over images.
   *
   * @param dy [images, outHeight, outWidth, filters]
   * @returns [kernelHeight, kernelWidth, channels, filters]
   */
  convFilterGradient(shape: ConvShape, x: Floats, dy: Floats): Float32Array {
    const s = shape;
    const padded = { height: paddedSize(s, 'Height'), width: paddedSize(s, 'Width') };
    const rowSize = padded.width * s.channels;
    const length = s.kernelWidth * s.channels;
    const size = s.kernelHeight * length * s.filters;
    const perImage = padded.height * rowSize + 2 * s.outHeight * s.outWidth * s.filters;
    const result = new Float32Array(size);
    forEachPart(s.images, perImage, (first, images) => {
      this.#pool.scope(() => {
        const from = this.#pad(x, first, images, s, padded, [1, 1]);
        const pixels = images * s.outHeight * s.outWidth;
        const outSize = s.outHeight * s.outWidth * s.filters;
        const packed = this.#pack(
          dy.subarray(first * outSize, (first + images) * outSize) as Floats,
          {
            taps: 1,
            depth: pixels,
            columns: s.filters,
            rowStep: s.filters,
            columnStep: 1,
          },
        );
        const to = this.#outer(from, packed, {
          segments: Array.from({ length: images * s.outHeight }, (_, i) => {
            const y = (i % s.outHeight) * s.strideHeight;
            return (Math.floor(i / s.outHeight) * padded.height + y) * rowSize;
          }),
          width: s.outWidth,
          xStep: s.strideWidth * s.channels,
          kernelRows: s.kernelHeight,
          kernelStep: rowSize,
          length,
          columns: s.filters,
        });
        const part = this.#pool.floats(to, size);
        if (first === 0) result.set(part);
        else for (let i = 0; i < size; i++) result[i]! += part[i]!;
      });
    });
    return result;
  }

  /** @returns [batch, m, n] */
  matMul(shape: MatMulShape, a: Floats, b: Floats): Float32Array {
    const { batch, m, k, n, transposeA, transposeB, shareA = false, shareB = false } = shape;
    const result = new Float32Array(batch * m * n);
    if (k === 0) return result;
    this.#pool.scope(() => {
      const matrix = (shared: boolean, source: Floats, size: number, i: number): Floats =>
        (shared ? source : source.subarray(i * size, (i + 1) * size)) as Floats;
      const packB = (i: number): number =>
        this.#pack(matrix(shareB, b, k * n, i), {
          taps: 1,
          depth: k,
          columns: n,
          rowStep: transposeB ? 1 : n,
          columnStep: transposeB ? k : 1,
        });
      // Many small matrices with one on the right are one tall matrix.
      if (shareB && !shareA && !transposeA) {
        result.set(this.#multiply(a, packB(0), batch * m, k, n));
        return;
      }
      for (let i = 0; i < batch; i++) {
        this.#pool.scope(() => {
          const left = matrix(shareA, a, m * k, i);
          const product = transposeA
            ? this.#multiplyTransposed(left, packB(i), m, k, n)
            : this.#multiply(left, packB(i), m, k, n);
          result.set(product, i * m * n);
        });
      }
    });
    return result;
  }

  #multiply(a: Floats, packed: number, m: number, k: number, n: number): Float32Array {
    const from = this.#copyIn(a, m * k);
    const to = this.#pool.allocate(4 * m * n);
    this.#product(from, packed, to, {
      rows: m,
      columns: n,
      height: 1,
      width: m,
      imageStep: 0,
      yStep: 0,
      xStep: k,
      segments: 1,
      segmentStep: 0,
      length: k,
    });
    return this.#pool.floats(to, m * n);
  }

  /** aᵀ · b for a stored as [k, m]. */
  #multiplyTransposed(a: Floats, packed: number, m: number, k: number, n: number): Float32Array {
    const to = this.#outer(this.#copyIn(a, m * k), packed, {
      segments: Array.from({ length: k }, (_, i) => i * m),
      width: 1,
      xStep: m,
      kernelRows: 1,
      kernelStep: 0,
      length: m,
      columns: n,
    });
    return this.#pool.floats(to, m * n);
  }

  #convolve(
    s: ConvShape & { paddedHeight: number; paddedWidth: number; spread: readonly [number, number] },
    x: Floats,
    packed: number,
  ): Float32Array {
    const rowSize = s.paddedWidth * s.channels;
    const outSize = s.outHeight * s.outWidth * s.filters;
    const result = new Float32Array(s.images * outSize);
    const padded = { height: s.paddedHeight, width: s.paddedWidth };
    forEachPart(s.images, s.paddedHeight * rowSize + outSize, (first, images) => {
      this.#pool.scope(() => {
        const from = this.#pad(x, first, images, s, padded, s.spread);
        const to = this.#pool.allocate(4 * images * outSize);
        this.#product(from, packed, to, {
          rows: images * s.outHeight * s.outWidth,
          columns: s.filters,
          height: s.outHeight,
          width: s.outWidth,
          imageStep: s.paddedHeight * rowSize,
          yStep: s.strideHeight * rowSize,
          xStep: s.strideWidth * s.channels,
          segments: s.kernelHeight,
          segmentStep: rowSize,
          length: s.kernelWidth * s.channels,
        });
        result.set(this.#pool.floats(to, images * outSize), first * outSize);
      });
    });
    return result;
  }

  #product(
    from: number,
    packed: number,
    to: number,
    p: {
      rows: number;
      columns: number;
      height: number;
      width: number;
      imageStep: number;
      yStep: number;
      xStep: number;
      segments: number;
      segmentStep: number;
      length: number;
    },
  ): void {
    this.#pool.run(
      op.product,
      [
        ...[from, packed, to, p.rows, p.columns, p.height, p.width],
        ...[p.imageStep, p.yStep, p.xStep, p.segments, p.segmentStep, p.length, rowsPerUnit],
      ],
      Math.ceil(p.columns / this.#columns) * Math.ceil(p.rows / rowsPerUnit),
      p.rows * p.columns * p.segments * p.length,
    );
  }

  #outer(
    from: number,
    packed: number,
    p: {
      segments: readonly number[];
      width: number;
      xStep: number;
      kernelRows: number;
      kernelStep: number;
      length: number;
      columns: number;
    },
  ): number {
    const size = p.kernelRows * p.length * p.columns;
    const to = this.#pool.allocate(4 * size);
    const segment = this.#pool.allocate(4 * p.segments.length);
    this.#pool.integers(segment, p.segments.length).set(p.segments);
    this.#pool.run(
      op.outer,
      [
        ...[from, packed, to, segment, p.segments.length, p.width, p.xStep],
        ...[p.kernelRows, p.kernelStep, p.length, p.columns],
        ...[Math.max(1, Math.floor(pixelsPerPass / p.width)), filterRowsPerUnit],
      ],
      Math.ceil(p.columns / this.#columns) * p.kernelRows * Math.ceil(p.length / filterRowsPerUnit),
      p.segments.length * p.width * size,
    );
    return to;
  }

  /** Lays out a matrix in blocks of columns, as the kernels read it. */
  #pack(
    source: Floats,
    m: {
      taps: number;
      depth: number;
      columns: number;
      origin?: number;
      tapStep?: number;
      rowStep: number;
      columnStep: number;
    },
  ): number {
    const from = this.#copyIn(source, m.taps * m.depth * m.columns);
    if (m.columns === this.#columns && m.columnStep === 1 && m.taps === 1) return from;
    const blocks = Math.ceil(m.columns / this.#columns);
    const size = blocks * this.#columns * m.taps * m.depth;
    const to = this.#pool.allocate(4 * size);
    this.#pool.run(
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

  #copyIn(source: Floats, length: number): number {
    const at = this.#pool.allocate(4 * length);
    this.#pool.floats(at, length).set(source);
    return at;
  }

  /**
   * Copies images into frames of zeros; pixel (y, x) goes to (padTop + y·spread, padLeft + x·spread), and what
   * lies outside the frame is cut off.
   */
  #pad(
    x: Floats,
    first: number,
    images: number,
    s: Pick<ConvShape, 'height' | 'width' | 'channels' | 'padTop' | 'padLeft'>,
    padded: { height: number; width: number },
    [spreadY, spreadX]: readonly [number, number],
  ): number {
    const { channels } = s;
    const rowSize = padded.width * channels;
    const size = images * padded.height * rowSize;
    const at = this.#pool.allocate(4 * size);
    const to = this.#pool.floats(at, size);
    const whole =
      s.padTop === 0 && s.padLeft === 0 && padded.height === s.height && padded.width === s.width;
    if (whole && spreadX === 1 && spreadY === 1) {
      to.set(x.subarray((first * size) / images, ((first + images) * size) / images));
      return at;
    }
    to.fill(0);
    // The columns of the image that lie within the frame.
    const left = Math.max(0, Math.ceil(-s.padLeft / spreadX));
    const right = Math.min(s.width, Math.ceil((padded.width - s.padLeft) / spreadX));
    for (let image = 0; image < images; image++) {
      for (let y = 0; y < s.height; y++) {
        const row = s.padTop + y * spreadY;
        if (row < 0 || row >= padded.height || left >= right) continue;
        const source = ((first + image) * s.height + y) * s.width * channels;
        const target = (image * padded.height + row) * rowSize;
        if (spreadX === 1) {
          to.set(
            x.subarray(source + left * channels, source + right * channels),
            target + (s.padLeft + left) * channels,
          );
          continue;
        }
        for (let column = left; column < right; column++) {
          to.set(
            x.subarray(source + column * channels, source + (column + 1) * channels),
            target + (s.padLeft + column * spreadX) * channels,
          );
        }
      }
    }
    return at;
  }
}

/** Rows or columns of the frame that the windows of a convolution cover. */
function paddedSize(s: ConvShape, side: 'Height' | 'Width'): number {
  return (s[`out${side}`] - 1) * s[`stride${side}`] + s[`kernel${side}`];
}

/** Splits images so that one part's working memory stays bounded. */
function forEachPart(
  images: number,
  floatsPerImage: number,
  work: (first: number, count: number) => void,
): void {
  const most = Math.max(1, Math.floor(floatsPerPass / floatsPerImage));
  for (let first = 0; first < images; first += most) work(first, Math.min(most, images - first));
}
