import { cifarStage } from './cifar-stage.js';

/** CIFAR-10: 32 × 32 colour photographs, 10 classes. */
export const cifar10 = cifarStage({
  id: 'cifar10',
  summary: 'CIFAR-10: 32 × 32 colour photographs, 10 classes (binary version).',
  layout: {
    name: 'CIFAR-10',
    labelBytes: 1,
    files: {
      train: [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`),
      test: ['test_batch.bin'],
    },
    rows: { train: 10_000, test: 10_000 },
    namesFile: 'batches.meta.txt',
    // prettier-ignore
    classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  },
  variable: 'PRIVATESNN_CIFAR10',
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
});
