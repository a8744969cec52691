import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { UserErrorList } from '@privatesnn/core';
import { expect, onTestFinished, test, vi } from 'vitest';

import { assertNeeds } from './needs.js';
import { openItem } from './paper/items.js';

const experiment = `name: table1
plugins: ["@privatesnn/plugins-data", "@privatesnn/plugins-models", "@privatesnn/plugins-metrics", "@privatesnn/plugins-reporters"]
stages:
  test: { use: cifar10 }
  ann: { use: pretrained, options: { path: ../../runs/models/net/model.safetensors } }
  own: { use: pretrained, options: { path: elsewhere.safetensors } }
  accuracy: { use: accuracy, inputs: { network: ann, images: test } }
  again: { use: accuracy, inputs: { network: own, images: test } }
reporters:
  - use: paper-table
`;

function experiments(): string {
  const root = mkdtempSync(join(tmpdir(), 'privatesnn-needs-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['paper', 'models']) {
    mkdirSync(join(root, 'experiments', folder), { recursive: true });
  }
  writeFileSync(join(root, 'experiments/models/net.yaml'), '');
  writeFileSync(join(root, 'experiments/paper/table1.yaml'), experiment);
  return join(root, 'experiments/paper');
}

test('needs say where they come from', async () => {
  const folder = experiments();
  const { needs } = await openItem(folder, 'table1', { overrides: [] });
  expect(needs).toEqual([
    expect.stringMatching(
      /^network .*runs\/models\/net\/model\.safetensors \(put there by .*models\/net\.yaml\)$/,
    ),
    'cifar10 (PRIVATESNN_CIFAR10)',
    expect.stringMatching(/^network .*elsewhere\.safetensors$/),
  ]);
});

test('all that is missing is told, with how to get it', async () => {
  vi.stubEnv('PRIVATESNN_CIFAR10', join(tmpdir(), 'no such folder'));
  onTestFinished(() => void vi.unstubAllEnvs());
  const folder = experiments();
  const { plan } = await openItem(folder, 'table1', { overrides: [] });
  const thrown = await assertNeeds(plan).catch((error: unknown) => error);
  expect(thrown).toBeInstanceOf(UserErrorList);
  const { errors } = thrown as UserErrorList;
  expect(errors.map(({ code }) => code).sort()).toEqual([
    'DATASET_FILE_MISSING',
    'MODEL_FILE_MISSING',
    'MODEL_FILE_MISSING',
  ]);
  const hintOf = (part: string) => errors.find(({ message }) => message.includes(part))!.hint;
  expect(hintOf('models/net/')).toMatch(/privatesnn run .*models\/net\.yaml.*docs\/paper\.md/);
  expect(hintOf('elsewhere')).toContain('.safetensors file');
});
