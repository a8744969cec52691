/** What joins several layers, or takes a part of one: no weights of their own, but for gains. */

type Shape = readonly [height: number, width: number, channels: number];

/** Σ gain·x over the inputs; summed in float64, rounded once to float32. */
export function addUp(inputs: readonly Float32Array[], gains: readonly number[]): Float32Array {
  return Float32Array.from(inputs[0]!, (_, i) =>
    inputs.reduce((sum, x, k) => sum + gains[k]! * x[i]!, 0),
  );
}

/** Places of an input's numbers among the channels of all, side by side. */
export function placesInConcat(inputs: readonly Shape[], which: number): Int32Array {
  const all = inputs.reduce((sum, [, , channels]) => sum + channels, 0);
  const before = inputs.slice(0, which).reduce((sum, [, , channels]) => sum + channels, 0);
  const [height, width, channels] = inputs[which]!;
  return Int32Array.from(
    { length: height * width * channels },
    (_, i) => Math.floor(i / channels) * all + before + (i % channels),
  );
}

/** Where the numbers of a shortcut's output are in its input; -1 for the zeros of added channels. */
export function shortcutPlaces(
  { stride, before }: { readonly stride: number; readonly before: number },
  input: Shape,
  output: Shape,
): Int32Array {
  const [, inWidth, inChannels] = input;
  const [height, width, channels] = output;
  return Int32Array.from({ length: height * width * channels }, (_, i) => {
    const channel = (i % channels) - before;
    const pixel = Math.floor(i / channels);
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    return channel < 0 || channel >= inChannels
      ? -1
      : (y * stride * inWidth + x * stride) * inChannels + channel;
  });
}
