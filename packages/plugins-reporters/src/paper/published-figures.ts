/** A figure that the PrivateSNN paper prints. */
export interface PublishedFigure {
  /** A fraction for an accuracy (0.892 for 89.2 %), else the number as printed. */
  readonly value: number;
  /** Version and place: "AAAI 2022, Table 2". */
  readonly source: string;
}

interface Transcription {
  readonly source: string;
  /** As printed; accuracies in per cent. */
  readonly unit: 'percent' | 'number';
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Every figure of the paper that can be measured, as it is printed: the one place that reports take them from.
 * AAAI 2022 is the published version, v1 the first one on arXiv (April 2021); what both print of the ANN and of
 * other methods stands under the published one only.
 */
const transcriptions = {
  'aaai-table-2': {
    source: 'AAAI 2022, Table 2',
    unit: 'percent',
    figures: {
      'cifar10/vgg16': 91.6,
      'cifar10/rueckauer-2017': 90.9,
      'cifar10/sengupta-2019': 91.5,
      'cifar10/han-2020': 91.4,
      'cifar10/zambrano-2019': 89.7,
      'cifar10/privatesnn': 89.2,
      'cifar100/vgg16': 64.3,
      'cifar100/sengupta-2019': 62.7,
      'cifar100/zambrano-2019': 63.4,
      'cifar100/privatesnn': 62.3,
      'tiny-imagenet/vgg16': 51.9,
      'tiny-imagenet/sengupta-2019': 50.6,
      'tiny-imagenet/privatesnn': 50.7,
    },
  },
  'aaai-table-3': {
    source: 'AAAI 2022, Table 3',
    unit: 'percent',
    figures: { dc: 82.8, 'dc+cet': 86.9, 'dc+cet+od': 89.2 },
  },
  'aaai-table-3-samples': {
    source: 'AAAI 2022, Table 3',
    unit: 'number',
    figures: { 'dc+cet': 5000, 'dc+cet+od': 5000 },
  },
  'aaai-table-4': {
    source: 'AAAI 2022, Table 4',
    unit: 'number',
    figures: {
      'attack-1/without': 354.8,
      'attack-1/with': 448.2,
      'attack-2/without': 447.9,
      'attack-2/with': 422.4,
    },
  },
  'aaai-table-5-accuracy': {
    source: 'AAAI 2022, Table 5',
    unit: 'percent',
    figures: { vgg16: 91.5, 'sengupta-2019': 91.2, 'han-2020': 91.4, privatesnn: 89.2 },
  },
  'aaai-table-5-energy': {
    source: 'AAAI 2022, Table 5',
    unit: 'number',
    figures: { 'sengupta-2019': 27.9, 'han-2020': 53.9, privatesnn: 55.8 },
  },
  'aaai-figure-5a': {
    source: 'AAAI 2022, text on Fig. 5b',
    unit: 'percent',
    figures: { 'T=150': 82.8 },
  },
  'v1-table-1': {
    source: 'v1, Table 1',
    unit: 'percent',
    figures: {
      'cifar10/privatesnn': 91.2,
      'cifar100/privatesnn': 62.3,
      'tiny-imagenet/privatesnn': 46.2,
    },
  },
  'v1-table-2': {
    source: 'v1, Table 2',
    unit: 'percent',
    figures: {
      'cifar10/before': 68.2,
      'cifar10/after': 91.2,
      'cifar100/before': 54.7,
      'cifar100/after': 62.3,
      'tiny-imagenet/before': 42.9,
      'tiny-imagenet/after': 46.2,
    },
  },
  'v1-table-4-accuracy': {
    source: 'v1, Table 4',
    unit: 'percent',
    figures: { privatesnn: 91.2 },
  },
  'v1-table-4-energy': {
    source: 'v1, Table 4',
    unit: 'number',
    figures: { privatesnn: 59.3 },
  },
  'v1-figure-4': {
    source: 'v1, text on Fig. 5',
    unit: 'percent',
    figures: { 'T=100': 68.2 },
  },
} as const satisfies Record<string, Transcription>;

/** The figures by name: `aaai-table-2/cifar10/privatesnn`. */
export const publishedFigures: Readonly<Record<string, PublishedFigure>> = Object.fromEntries(
  Object.entries(transcriptions).flatMap(([table, { source, unit, figures }]) =>
    Object.entries(figures).map(([name, printed]: [string, number]) => [
      `${table}/${name}`,
      { value: unit === 'percent' ? Number(`${printed}e-2`) : printed, source },
    ]),
  ),
);
