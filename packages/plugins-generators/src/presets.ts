/** The four presets of `data-impressions`; what is not named keeps the stage's default. */
export const dataImpressionsPresets = {
  /** AAAI 2022; what the paper leaves open is taken from the public code. */
  'paper-aaai': {},
  /** The first arXiv version; it synthesises in the same way. */
  'paper-v1': {},
  /** The public code: 100 images a class, started from noise over the whole input range. */
  'official-code': { samplesPerClass: 100, initialisation: 'input-range' },
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
} as const;
