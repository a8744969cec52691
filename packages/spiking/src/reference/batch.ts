import { setImmediate } from 'node:timers/promises';

interface Batch {
  readonly pixels: Float32Array;
  readonly firstImage?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Calls `visit` with each image of a batch, its place in the batch, and its number in the noise. Lets other
 * work run between images, and rejects when the batch is aborted.
 */
export async function forEachImage(
  { pixels, firstImage = 0, signal, onProgress }: Batch,
  images: number,
  visit: (pixels: Float32Array, image: number, number: number) => void,
): Promise<void> {
  const size = pixels.length / images;
  for (let image = 0; image < images; image++) {
    await setImmediate();
    signal?.throwIfAborted();
    visit(pixels.subarray(image * size, (image + 1) * size), image, firstImage + image);
    onProgress?.(image + 1, images);
  }
}
