import { outputsLast } from './outputs-last.js';
import { refuse, saveAgain, type Place } from './refusal.js';
import type { Feature } from './step.js';
import { order, placesOf, sizeOf, type Shape } from './view.js';

/** The weights of a dense layer, as a file has them. */
export interface Matrix {
  /** The name in the file. */
  readonly name: string;
  /** [inputs, outputs], or [outputs, inputs] where it is transposed. */
  readonly shape: readonly [number, number];
  /** Is not written to. */
  readonly data: Float32Array;
  readonly transposed?: boolean;
  /** What its numbers are multiplied by; 1 when left out. */
  readonly factor?: number;
  readonly bias?: Float64Array | undefined;
}

/** A dense layer over the last dimension: of all that the image has, or of the channels of each pixel. */
export function denseOver(place: Place, { step, view }: Feature, matrix: Matrix): Feature {
  const { data, transposed = false, factor = 1 } = matrix;
  const axes = view.at(-1) ?? [];
  const inputs = axes.reduce((product, axis) => product * sizeOf(step.shape, axis), 1);
  const [rows, columns] = transposed ? [matrix.shape[1], matrix.shape[0]] : matrix.shape;
  if (rows !== inputs) {
    throw refuse(place, `its weights take ${rows} numbers, but it gets ${inputs}`, saveAgain);
  }
  if (columns < 1) throw refuse(place, 'it gives nothing', saveAgain);
  const all = axes.length === order(view).length;
  // An axis of one element is in no view: one channel is left where nothing else is.
  const channels = axes.length === 0 ? step.shape[2] === 1 : axes.join() === 'c';
  if (!all && !channels) {
    throw refuse(
      place,
      'it mixes rows or columns of pixels',
      'Flatten the images before a dense layer, or let it take the channels of each pixel.',
    );
  }
  const places = all ? placesOf(axes, step.shape) : placesOf(['c'], [1, 1, inputs]);
  let arranged: Float32Array;
  if (transposed) {
    arranged = outputsLast(data, columns, places);
  } else {
    arranged = new Float32Array(data.length);
    for (let i = 0; i < rows; i++) {
      arranged.set(data.subarray(i * columns, (i + 1) * columns), places[i]! * columns);
    }
  }
  if (factor !== 1) for (let i = 0; i < arranged.length; i++) arranged[i] = factor * arranged[i]!;
  const common = {
    node: place.node,
    inputs: [step],
    weight: arranged,
    weightName: matrix.name,
    bias: matrix.bias,
  };
  const outer = view.slice(0, -1);
  const last = columns > 1 ? (['c'] as const) : [];
  if (all) {
    const shape: Shape = [1, 1, columns];
    return {
      kind: 'feature',
      step: { kind: 'dense', ...common, shape },
      view: [...outer.map(() => []), last],
    };
  }
  const [height, width] = step.shape;
  return {
    kind: 'feature',
    step: {
      kind: 'conv',
      ...common,
      shape: [height, width, columns],
      kernel: [1, 1],
      stride: [1, 1],
      dilation: [1, 1],
      padding: [0, 0, 0, 0],
      groups: 1,
    },
    view: [...outer, last],
  };
}
