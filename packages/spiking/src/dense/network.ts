import type { DenseCalls, Packed } from './calls.js';
import { turned, upright } from './convolution.js';
import { copyRows, isPlain, matrixRows, windowRows, type Field } from './field.js';
import type { Floats } from './shapes.js';
import { winogradOutputs } from './winograd.js';

/** A layer of a chain; numbers of pixels and channels follow from what comes before. */
export type DenseLayer =
  | {
      readonly kind: 'weighted';
      /** A convolution [kernel, kernel, channels, filters], or a matrix [inputs, filters]. */
      readonly weight: Floats;
      readonly bias?: Floats;
      readonly filters: number;
      /** Undefined for a matrix. */
      readonly window?: {
        readonly kernel: number;
        readonly stride: number;
        readonly padding: number;
      };
      readonly relu: boolean;
    }
  | { readonly kind: 'pool'; readonly size: number; readonly largest: boolean };

interface Step {
  readonly layer: DenseLayer;
  readonly from: Field;
  readonly to: Field;
  /** The gradient of `to`, and of `from`. */
  readonly dTo: Field;
  readonly dFrom: Field;
  /** Where a matrix leaves the gradient of framed images, if it does. */
  readonly flat: number;
  /** Packed weights, forward and turned; and the bias, 0 for none. */
  readonly packed: Packed;
  readonly turned: Packed;
  readonly bias: number;
}

/** The weights of a layer that has none. */
const none: Packed = { at: 0, outputs: 0 };

/**
 * A chain of layers with weights that stay, forward and back to its input. Everything between lies in the heap, ready
 * for the kernel that reads it next: nothing is copied. It computes the same bits as its layers one by one.
 */
export class DenseNetwork {
  readonly #calls: DenseCalls;
  readonly #input: readonly [number, number, number];
  readonly #steps: Step[] = [];
  /** The first layer's input, and its gradient. */
  #first!: Field;
  #gradient!: Field;
  #logits!: Field;
  readonly #release: () => void;
  /** Images of the last forward pass. */
  #images = 0;

  /**
   * @param input [height, width, channels]
   * @param capacity images of a batch, at most
   */
  constructor(
    calls: DenseCalls,
    input: readonly [number, number, number],
    layers: readonly DenseLayer[],
    readonly capacity: number,
  ) {
    this.#calls = calls;
    this.#input = input;
    this.#release = calls.pool.keep(() => this.#build(layers));
  }

  /**
   * @param x [images, height, width, channels]
   * @returns [images, outputs]
   */
  forward(x: Floats, images: number): Float32Array {
    this.#images = images;
    const [height, width, channels] = this.#input;
    copyRows(this.#calls, x, this.#first, images, height, width * channels);
    for (const step of this.#steps) this.#forward(step, images);
    return this.#read(this.#logits, images);
  }

  /**
   * The gradient with respect to the input of the last forward pass.
   *
   * @param dy [images, outputs]
   */
  backward(dy: Floats): Float32Array {
    const images = this.#images;
    const last = this.#steps.at(-1)!.dTo;
    copyRows(this.#calls, dy, last, images, last.height, last.width * last.channels);
    for (let i = this.#steps.length - 1; i >= 0; i--) this.#backward(i, images);
    return this.#read(this.#gradient, images);
  }

  /** Gives the memory back, if nothing was taken after it. */
  close(): void {
    this.#release();
  }

  #build(layers: readonly DenseLayer[]): void {
    let [height, width, channels] = this.#input;
    let from = this.#field(height, width, channels, paddingOf(layers[0]));
    this.#first = from;
    let dFrom = this.#field(height, width, channels, 0);
    this.#gradient = dFrom;
    for (const [i, layer] of layers.entries()) {
      const size = height * width * channels;
      const isMatrix = layer.kind === 'weighted' && !layer.window;
      [height, width, channels] = outputOf(layer, height, width, channels);
      const weights = this.#weights(layer, from, { height, width });
      const to = this.#field(height, width, channels, paddingOf(layers[i + 1]));
      const dTo = this.#gradientField(layer, from, height, width, channels);
      const flat = isMatrix && !isPlain(dFrom) ? this.#allocate(this.capacity * size) : 0;
      this.#steps.push({ layer, from, to, dTo, dFrom, flat, ...weights });
      from = to;
      dFrom = dTo;
    }
    this.#logits = from;
  }

  #forward({ layer, from, to, packed, bias }: Step, images: number): void {
    if (layer.kind === 'pool') {
      this.#calls.pool.run(
        'pool',
        {
          ...{ from: from.image, to: to.image, height: to.height, width: to.width },
          ...{ channels: to.channels, size: layer.size, largest: Number(layer.largest) },
          ...{ fromPlace: from.place, toPlace: to.place },
        },
        images,
        images * from.height * from.width * from.channels,
      );
      return;
    }
    const { window, filters, relu } = layer;
    const rows = window
      ? windowRows(from, images, window.kernel, window.stride, to)
      : matrixRows(images, from.height * from.width * from.channels);
    this.#calls.productTo(from.frame, rows, packed, filters, {
      to: to.image,
      place: to.place,
      bias,
      relu,
    });
  }

  #backward(i: number, images: number): void {
    const { layer, from, dTo, dFrom, turned, flat } = this.#steps[i]!;
    const before = this.#steps[i - 1]?.layer;
    const relu = before?.kind === 'weighted' && before.relu;
    if (layer.kind === 'pool') {
      this.#calls.pool.run(
        'poolGradient',
        {
          ...{ dy: dTo.image, x: from.image, dx: dFrom.image },
          ...{ height: dTo.height, width: dTo.width, channels: dTo.channels },
          ...{ size: layer.size, largest: Number(layer.largest), relu: Number(relu) },
          ...{ dyPlace: dTo.place, xPlace: from.place, dxPlace: dFrom.place },
        },
        images,
        images * from.height * from.width * from.channels,
      );
      return;
    }
    const { window, filters } = layer;
    if (window) {
      const rows = windowRows(dTo, images, window.kernel, 1, from);
      this.#calls.productTo(dTo.frame, rows, turned, from.channels, {
        to: dFrom.image,
        place: dFrom.place,
        ...(relu ? { mask: { at: from.image, place: from.place } } : {}),
      });
      return;
    }
    const size = from.height * from.width * from.channels;
    const place = { imageStep: 0, yStep: 0, xStep: size };
    const to = flat || dFrom.image;
    this.#calls.productTo(dTo.frame, matrixRows(images, filters), turned, size, {
      to,
      place,
      ...(relu ? { mask: { at: from.image, place } } : {}),
    });
    if (flat) {
      const found = this.#calls.pool.floats(to, images * size);
      copyRows(this.#calls, found, dFrom, images, from.height * from.width, from.channels);
    }
  }

  #weights(
    layer: DenseLayer,
    from: Field,
    to: { readonly height: number; readonly width: number },
  ): Pick<Step, 'packed' | 'turned' | 'bias'> {
    if (layer.kind === 'pool') return { packed: none, turned: none, bias: 0 };
    const { filters, window, weight, bias } = layer;
    const kernel = window?.kernel ?? 1;
    const inputs = window ? from.channels : from.height * from.width * from.channels;
    const outputs = (channels: number, columns: number, { height, width }: typeof to) =>
      winogradOutputs({
        ...{ kernelHeight: kernel, kernelWidth: kernel, channels, filters: columns },
        ...{ strideHeight: window?.stride ?? 1, strideWidth: window?.stride ?? 1 },
        ...{ outHeight: height, outWidth: width },
      });
    const [forward, back] = [outputs(inputs, filters, to), outputs(filters, inputs, from)];
    return {
      bias: bias ? this.#calls.copyIn(bias, filters) : 0,
      packed: this.#calls.pack(weight, upright(kernel ** 2, inputs, filters), forward),
      turned: this.#calls.pack(weight, turned(kernel ** 2, inputs, filters), back),
    };
  }

  /** Room for the gradient of a layer's output, framed and spread as the convolution back reads it. */
  #gradientField(
    layer: DenseLayer,
    from: Field,
    height: number,
    width: number,
    channels: number,
  ): Field {
    if (layer.kind === 'pool' || !layer.window) return this.#field(height, width, channels, 0);
    const { kernel, stride, padding } = layer.window;
    return this.#field(height, width, channels, kernel - 1 - padding, stride, [
      from.height + kernel - 1,
      from.width + kernel - 1,
    ]);
  }

  #field(
    height: number,
    width: number,
    channels: number,
    padding: number,
    spread = 1,
    least: readonly [number, number] = [0, 0],
  ): Field {
    const rows = Math.max(least[0], 2 * padding + (height - 1) * spread + 1);
    const columns = Math.max(least[1], 2 * padding + (width - 1) * spread + 1);
    const rowSize = columns * channels;
    const length = this.capacity * rows * rowSize;
    const frame = this.#allocate(length);
    this.#calls.pool.floats(frame, length).fill(0);
    return {
      frame,
      image: frame + 4 * padding * (rowSize + channels),
      place: { imageStep: rows * rowSize, yStep: spread * rowSize, xStep: spread * channels },
      rowSize,
      height,
      width,
      channels,
    };
  }

  #allocate(floats: number): number {
    return this.#calls.pool.allocate(4 * floats);
  }

  #read(field: Field, images: number): Float32Array {
    const size = field.height * field.width * field.channels;
    return Float32Array.from(this.#calls.pool.floats(field.frame, images * size));
  }
}

function paddingOf(layer: DenseLayer | undefined): number {
  return layer?.kind === 'weighted' ? (layer.window?.padding ?? 0) : 0;
}

function outputOf(
  layer: DenseLayer,
  height: number,
  width: number,
  channels: number,
): [number, number, number] {
  if (layer.kind === 'pool') {
    return [Math.floor(height / layer.size), Math.floor(width / layer.size), channels];
  }
  if (!layer.window) return [1, 1, layer.filters];
  const { kernel, stride, padding } = layer.window;
  const side = (size: number) => Math.floor((size + 2 * padding - kernel) / stride) + 1;
  return [side(height), side(width), layer.filters];
}
