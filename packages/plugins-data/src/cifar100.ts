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
  sha256: '58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec',
});
