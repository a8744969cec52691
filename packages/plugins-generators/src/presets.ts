/** The presets of `data-impressions`; what is not named keeps the stage's default. */
export const dataImpressionsPresets = {
  /** AAAI 2022; what the paper leaves open is taken from the public code. */
  'paper-aaai': {},
  /** The first arXiv version; it synthesises in the same way. */
  'paper-v1': {},
  /**
   * The public code as it runs: 1,000 images a class, as its read-me asks for, from noise over the whole input range; a
   * loop that begins at 1; an image gradient that is never cleared; images saved as 8-bit files.
   */
  'official-code': {
    samplesPerClass: 1000,
    initialisation: 'input-range',
    iterations: 2499,
    accumulateGradient: true,
    eightBit: true,
  },
  /** Strong, smooth images of one class each: they raise no threshold far, and still make deep layers spike. */
  tuned: {
    temperature: 1,
    labels: 'hard',
    learningRate: 0.05,
    iterations: 100,
    stopAtLoss: 0.2,
    initialisation: 'smooth',
    projection: 'clip-each-step',
    jitter: 3,
    flip: true,
    blurEvery: 4,
  },
  /**
   * Images whose activations have the size of those of real images, layer by layer: dead leaves have a photograph's
   * contrast and edges, and losses as small and as different as those of training images drive the deep layers as far.
   */
  natural: {
    temperature: 1,
    labels: 'hard',
    learningRate: 0.02,
    iterations: 60,
    stopAtLoss: [1e-8, 1],
    initialisation: 'dead-leaves',
    projection: 'clip-each-step',
    jitter: 3,
    flip: true,
  },
} as const;
