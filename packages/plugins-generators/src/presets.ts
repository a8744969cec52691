/** The four presets of `data-impressions`; what is not named keeps the stage's default. */
export const dataImpressionsPresets = {
  /** AAAI 2022; what the paper leaves open is taken from the public code. */
  'paper-aaai': {},
  /** The first arXiv version; it synthesises in the same way. */
  'paper-v1': {},
  /** The public code: 100 images a class, started from noise over the whole input range. */
  'official-code': { samplesPerClass: 100, initialisation: 'input-range' },
  /** Images that stop short of activations larger than those on real images. */
  tuned: {
    temperature: 1,
    learningRate: 0.05,
    iterations: 60,
    stopAtLoss: 0.3,
    stopMeasure: 'divergence',
    initialisation: 'input-range',
    projection: 'clip-each-step',
    jitter: 3,
    flip: true,
    blurEvery: 4,
  },
} as const;
