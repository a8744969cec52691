import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { expect, onTestFinished } from 'vitest';

import { fakePlugin, start } from './start.js';

const experiment = (options: string) => `name: x
plugins: ["${fakePlugin}"]
stages:
  data: { use: fake-images }
  ann: { use: fake-ann }
  dc: { use: fake-converter, inputs: { ann: ann, images: data } }
  cet: { use: fake-trainer, inputs: { snn: dc, images: data }, options: { ${options} } }
  accuracy: { use: fake-accuracy, inputs: { network: cet.snn, images: data } }
reporters:
  - { use: fake-reporter }
`;

/** A temporary folder with an experiment of fake stages; `options` are those of its trainer. */
export function folderWith(options = ''): string {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-cli-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'x.yaml'), experiment(options));
  return folder;
}

/** Starts a run, sends Ctrl-C while its trainer works (for longer than a test may take), and checks how it ends. */
export async function expectInterrupt(options: string): Promise<void> {
  const folder = folderWith(options);
  const child = start(folder, 'run', 'x.yaml');
  while (!/"stage-started","node":"\w+","stage":"cet"/.test(eventsIn(folder))) await sleep(20);
  await sleep(300);
  child.kill('SIGINT');
  const { code, stderr } = await child.ended;
  expect(code).toBe(130);
  expect(stderr).toContain('The run was interrupted.');
  expect(stderr.replace(/\s+/g, ' ')).toContain('started again, goes on from there');
  const [run] = readdirSync(join(folder, 'runs'));
  const manifest = readFileSync(join(folder, 'runs', run!, 'manifest.json'), 'utf8');
  expect(JSON.parse(manifest)).toMatchObject({ status: 'interrupted' });
}

/** The events of the only run in a folder so far. */
function eventsIn(folder: string): string {
  const runs = join(folder, 'runs');
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  const file = join(runs, run ?? '', 'events.jsonl');
  return run !== undefined && existsSync(file) ? readFileSync(file, 'utf8') : '';
}
