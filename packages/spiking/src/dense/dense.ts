import { DenseCalls } from './calls.js';
import { conv, convFilterGradient, convInputGradient } from './convolution.js';
import { matMul } from './mat-mul.js';
import { DenseNetwork, type DenseLayer } from './network.js';
import { DensePool, type DensePoolOptions } from './pool.js';
import type { ConvShape, Floats, MatMulShape } from './shapes.js';

/**
 * Dense linear algebra on SIMD kernels and several threads, synchronous. The same input gives the same bits for
 * any number of threads. Arrays are row-major; results are new arrays.
 */
export class Dense {
  readonly #pool: DensePool;
  readonly #calls: DenseCalls;

  constructor(options: DensePoolOptions = {}) {
    this.#pool = new DensePool(options);
    this.#calls = new DenseCalls(this.#pool);
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

  /** See {@link conv}. */
  conv(shape: ConvShape, x: Floats, filter: Floats): Float32Array {
    return conv(this.#calls, shape, x, filter);
  }

  /** See {@link convInputGradient}. */
  convInputGradient(shape: ConvShape, dy: Floats, filter: Floats): Float32Array {
    return convInputGradient(this.#calls, shape, dy, filter);
  }

  /** See {@link convFilterGradient}. */
  convFilterGradient(shape: ConvShape, x: Floats, dy: Floats): Float32Array {
    return convFilterGradient(this.#calls, shape, x, dy);
  }

  /** See {@link matMul}. */
  matMul(shape: MatMulShape, a: Floats, b: Floats): Float32Array {
    return matMul(this.#calls, shape, a, b);
  }

  /** See {@link DenseNetwork}. */
  network(
    input: readonly [number, number, number],
    layers: readonly DenseLayer[],
    capacity: number,
  ): DenseNetwork {
    return new DenseNetwork(this.#calls, input, layers, capacity);
  }

  /** Ends the worker threads. */
  close(): Promise<void> {
    return this.#pool.close();
  }
}
