import { cifarStage } from './cifar-stage.js';

/** CIFAR-100: 32 × 32 colour photographs, 100 fine classes. */
export const cifar100 = cifarStage({
  id: 'cifar100',
  summary: 'CIFAR-100: 32 × 32 colour photographs, 100 classes (binary version, fine labels).',
  layout: {
    name: 'CIFAR-100',
    labelBytes: 2,
    files: { train: ['train.bin'], test: ['test.bin'] },
    rows: { train: 50_000, test: 10_000 },
    namesFile: 'fine_label_names.txt',
    classNames: Array.from({ length: 100 }, (_, i) => `class ${i}`),
  },
  variable: 'PRIVATESNN_CIFAR100',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz',
  md5: '03b5dce01913d631647c71ecec9e9cb8',
});
