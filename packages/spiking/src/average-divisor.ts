import { windowOf, type PoolLayer } from '@privatesnn/core';

/** Whether windows of a pooling may lie partly outside of the image. */
export function isPadded(layer: PoolLayer): boolean {
  return windowOf(layer).padding.some((pixels) => pixels > 0);
}

/**
 * What the sum over a window can be divided by in the place of the mean, where sums have to be whole: the window's pixels,
 * or, where those outside of the image are left out, the least common multiple of how many the windows have inside.
 */
export function averageDivisor(
  layer: PoolLayer,
  { height, width }: { readonly height: number; readonly width: number },
): number {
  const { kernel, stride, padding } = windowOf(layer);
  if (layer.kind === 'max-pool' || layer.countPadded !== false || !isPadded(layer)) {
    return kernel[0] * kernel[1];
  }
  const inside = (size: number, axis: 0 | 1): Set<number> => {
    const [before, after] = [padding[2 * axis]!, padding[2 * axis + 1]!];
    const counts = new Set<number>();
    for (let start = -before; start + kernel[axis] <= size + after; start += stride[axis]) {
      counts.add(Math.min(start + kernel[axis], size) - Math.max(start, 0));
    }
    return counts;
  };
  const columns = inside(width, 1);
  return [...inside(height, 0)]
    .flatMap((rows) => [...columns].map((count) => rows * count))
    .reduce(leastCommonMultiple, 1);
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a * b) / x;
}
