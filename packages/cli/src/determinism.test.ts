import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { startWith } from './testing/start.js';

/** The whole way from the ANN to both attacks, as small as it gets. */
const experiment = `name: tiny
seed: 5
plugins:
  - "@privatesnn/plugins-data"
  - "@privatesnn/plugins-models"
  - "@privatesnn/plugins-generators"
  - "@privatesnn/plugins-converters"
  - "@privatesnn/plugins-trainers"
  - "@privatesnn/plugins-attackers"
  - "@privatesnn/plugins-metrics"
stages:
  test: { use: mnist, options: { split: test, source: embedded, limit: 20, shuffle: true } }
  ann: { use: pretrained, options: { model: mnist-vgg5 } }
  judge: { use: pretrained, options: { model: mnist-judge } }
  impressions:
    use: data-impressions
    inputs: { ann: ann }
    options: { samples: 10, iterations: 5, batchSize: 10 }
  convert:
    use: threshold-balancing
    inputs: { ann: ann, images: impressions }
    options: { timeSteps: 4, samples: 10 }
  encrypt:
    use: stbp
    inputs: { snn: convert, images: impressions, teacher: ann }
    options: { epochs: 1, batchSize: 5 }
  attack1:
    use: reconvert
    inputs: { victim: encrypt }
    options: { imagesPerClass: 1, iterations: 3 }
  attack2:
    use: spike-gradient
    inputs: { victim: encrypt }
    options: { imagesPerClass: 1, iterations: 3 }
  accuracy: { use: accuracy, inputs: { network: encrypt.snn, images: test } }
  energy:
    use: energy
    inputs:
      { network: encrypt.snn, activity: accuracy.activity, operations: accuracy.operations }
  score1: { use: attack-accuracy, inputs: { attacked: attack1, classifier: judge } }
  score2: { use: attack-accuracy, inputs: { attacked: attack2, classifier: judge } }
`;

interface Summary {
  readonly computed: number;
  readonly stages: readonly { readonly stage: string; readonly outputs: object }[];
}

test('two runs with empty caches give the same digests, whatever the number of threads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-twice-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'tiny.yaml'), experiment);
  const digests = async (cache: string, threads: string) => {
    const environment = {
      PRIVATESNN_ENGINE: 'wasm',
      PRIVATESNN_TENSORS: 'embedded',
      PRIVATESNN_THREADS: threads,
      PRIVATESNN_CACHE: join(folder, cache),
    };
    const { code, stdout, stderr } = await startWith(
      environment,
      folder,
      'run',
      'tiny.yaml',
      '--json',
    ).ended;
    expect(code, stderr).toBe(0);
    const { computed, stages } = JSON.parse(stdout) as Summary;
    expect(computed).toBe(12);
    return Object.fromEntries(stages.map(({ stage, outputs }) => [stage, outputs]));
  };
  const first = await digests('one', '1');
  expect(await digests('two', '2')).toEqual(first);
});
