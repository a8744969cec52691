import { refuse, saveAgain, type Place } from './refusal.js';
import type { Feature, Step } from './step.js';
import type { Axis, Shape, View } from './view.js';

/** The most numbers that a layer may give for an image: far beyond what can be computed here. */
const largestOutput = 2 ** 28;

/** A step's output, seen as before. */
export function sameAs(view: View, step: Step): Feature {
  return { kind: 'feature', step, view };
}

/** The same image with other numbers of pixels and channels. */
export const shaped = (height: number, width: number, channels: number): Shape => [
  height,
  width,
  channels,
];

/** The rank of a feature, the images' axis counted. */
export const rankOf = ({ view }: Pick<Feature, 'view'>) => view.length + 1;

/** An axis counted from the front; the first, 0, is that of the images. */
export function axisOf(place: Place, axis: number, rank: number): number {
  const from = axis < 0 ? axis + rank : axis;
  if (from >= 0 && from < rank) return from;
  throw refuse(place, `its axis ${axis} is not one of ${rank}`, saveAgain);
}

/** A view for messages: [image, height, width, channels]. */
export function viewText(view: View): string {
  const names: Record<Axis, string> = { c: 'channels', h: 'height', w: 'width' };
  return `[${['image', ...view.map((axes) => axes.map((axis) => names[axis]).join(' · ') || '1')].join(', ')}]`;
}

/** @throws UserError where a step gives more numbers than can be computed */
export function expectSmall(place: Place, { shape }: Step): void {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count <= largestOutput) return;
  throw refuse(
    place,
    `it gives ${shape.join(' × ')} numbers for each image, and at most ${largestOutput} are computed`,
    'Check its padding and the size of the images.',
  );
}
