import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, onTestFinished, test } from 'vitest';

import { startWith } from './testing/start.js';
import { tinyExperiment } from './testing/tiny-experiment.js';

interface Summary {
  readonly computed: number;
  readonly stages: readonly { readonly stage: string; readonly outputs: object }[];
}

test('two runs with empty caches give the same digests, whatever the number of threads', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-twice-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'tiny.yaml'), tinyExperiment);
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
