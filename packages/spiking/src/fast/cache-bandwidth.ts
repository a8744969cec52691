/** Bytes of each of two buffers: together more than a level-1 cache holds, and no more than a level-2 cache. */
const bufferBytes = 128 * 1024;

let measured: number | undefined;

/**
 * How many bytes a second one core reads from its level-2 cache: the fastest of many sweeps over 256 KB by the C library's
 * comparison, which does little else. Measured once in a process, within a few milliseconds.
 */
export function cacheBandwidth(): number {
  return (measured ??= measure());
}

function measure(): number {
  const [one, same] = [Buffer.alloc(bufferBytes, 1), Buffer.alloc(bufferBytes, 1)];
  const sweeps = 16;
  let best = 0;
  for (let trial = 0; trial < 50; trial++) {
    const clock = performance.now();
    for (let sweep = 0; sweep < sweeps; sweep++) one.compare(same);
    const seconds = (performance.now() - clock) / 1000;
    best = Math.max(best, (2 * bufferBytes * sweeps) / seconds);
  }
  return best;
}
