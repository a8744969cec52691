/*
 * ONNX keeps images as [image, channels, height, width], and networks flatten, transpose and reshape them; here they
 * stay [height, width, channels]. So a value of the graph is the output of a layer, and a view: which of the layer's
 * axes ONNX sees in which dimension. Flatten, Transpose, Reshape, Squeeze and Unsqueeze change the view alone.
 */

export type Axis = 'c' | 'h' | 'w';

/** [height, width, channels] */
export type Shape = readonly [height: number, width: number, channels: number];

/**
 * The dimensions after the first, which counts images: each holds axes, the slowest first; axes of one element are left
 * out.
 */
export type View = readonly (readonly Axis[])[];

export function sizeOf([height, width, channels]: Shape, axis: Axis): number {
  return { c: channels, h: height, w: width }[axis];
}

/** A view of the given axes, one a dimension. */
export function viewOf(shape: Shape, axes: readonly Axis[]): View {
  return axes.map((axis) => (sizeOf(shape, axis) > 1 ? [axis] : []));
}

/** [channels, height, width] */
export const imageView = (shape: Shape) => viewOf(shape, ['c', 'h', 'w']);

/** Sizes of the dimensions after the first. */
export function dimensions(view: View, shape: Shape): number[] {
  return view.map((axes) => axes.reduce((product, axis) => product * sizeOf(shape, axis), 1));
}

export function sameView(a: View, b: View): boolean {
  return a.map((axes) => axes.join('')).join() === b.map((axes) => axes.join('')).join();
}

/** All axes, the slowest first. */
export function order(view: View): readonly Axis[] {
  return view.flat();
}

/**
 * Which axis each of three dimensions holds: of an image in any order. Dimensions of one element hold what the others do
 * not, in ONNX's own order.
 *
 * @returns undefined where the view is no image
 */
export function axesOf(view: View): readonly Axis[] | undefined {
  if (view.length !== 3 || view.some((axes) => axes.length > 1)) return undefined;
  const missing = (['c', 'h', 'w'] as const).filter((axis) => !view.flat().includes(axis));
  return view.map(([axis]) => axis ?? missing.shift()!);
}

/** Whether it is one vector for each image, in whatever dimensions of one element more. */
export function isFlat(view: View): boolean {
  return view.filter((axes) => axes.length > 0).length <= 1;
}

/**
 * The view with other dimensions of the same total.
 *
 * @param sizes of the dimensions after the first
 * @returns undefined where a dimension would hold a part of an axis
 */
export function regroup(view: View, shape: Shape, sizes: readonly number[]): View | undefined {
  const rest = [...order(view)];
  const result: Axis[][] = [];
  for (const size of sizes) {
    const axes: Axis[] = [];
    let product = 1;
    while (product < size && rest.length > 0) {
      const axis = rest.shift()!;
      axes.push(axis);
      product *= sizeOf(shape, axis);
    }
    if (product !== size) return undefined;
    result.push(axes);
  }
  return rest.length === 0 ? result : undefined;
}

/**
 * For each element in ONNX's order, its place in [height, width, channels].
 *
 * @param axes all of the view, the slowest first
 */
export function placesOf(axes: readonly Axis[], shape: Shape): Int32Array {
  const [height, width, channels] = shape;
  const strides = { h: width * channels, w: channels, c: 1 };
  let places = Int32Array.of(0);
  for (const axis of axes) {
    const size = sizeOf(shape, axis);
    const stride = strides[axis];
    const before = places;
    places = new Int32Array(before.length * size);
    for (let i = 0; i < before.length; i++) {
      for (let k = 0; k < size; k++) places[i * size + k] = before[i]! + k * stride;
    }
  }
  if (places.length !== height * width * channels) throw new Error('The view lacks an axis.');
  return places;
}
