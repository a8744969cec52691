/**
 * Classes of the images to make: 0, 1, …, so that every run of images, from the first one on, is balanced; the
 * counts of two classes differ by 1 at most.
 */
export function balancedLabels(
  classes: number,
  { samples, samplesPerClass }: { samples: number; samplesPerClass: number },
): Int32Array {
  const count = samplesPerClass > 0 ? samplesPerClass * classes : samples;
  return Int32Array.from({ length: count }, (_, i) => i % classes);
}
