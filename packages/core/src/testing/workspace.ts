import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { onTestFinished } from 'vitest';

import { openCache } from '../cache/open.js';
import type { AnyService } from '../contracts/plugin.js';
import { planExperiment } from '../plan/build.js';
import { loadExperiment, type ExperimentRequest } from '../plan/experiment.js';
import type { Plan } from '../plan/plan.js';
import { runExperiment, type RunRequest, type RunSummary } from '../run/run.js';

/** The plugin of fake stages, as an experiment file names it. */
export const fakePlugin = resolve(import.meta.dirname, 'fake-plugin.js');

/** A small experiment over all kinds of stages: an ANN, converted, trained, attacked, measured; three jobs. */
export const pipeline = `name: pipeline
seed: 1
plugins: ["${fakePlugin}"]
matrix:
  name: "\${method}"
  zip:
    method: [DC, DC + CET]
    network: [convert, encrypt]
stages:
  test: { use: fake-images, options: { split: test } }
  ann: { use: fake-ann }
  images: { use: fake-generator, inputs: { ann: ann } }
  convert: { use: fake-converter, inputs: { ann: ann, images: images } }
  encrypt: { use: fake-trainer, inputs: { snn: convert, images: images, teacher: ann } }
  attack: { use: fake-attacker, inputs: { victim: "\${network}" } }
  accuracy: { use: fake-accuracy, inputs: { network: "\${network}.snn", images: test.images } }
goals: [attack, accuracy]
reporters:
  - { use: fake-reporter }
`;

/** A temporary folder with files, removed when the test ends. */
export interface Workspace {
  readonly folder: string;
  file(name: string): string;
  write(name: string, text: string): string;
  read(name: string): string;
  plan(name: string, request?: ExperimentRequest, services?: readonly AnyService[]): Promise<Plan>;
  /** Runs an experiment with the folder's own cache; what reporters print is kept aside. */
  run(
    name: string,
    request?: Partial<RunRequest> & ExperimentRequest,
    services?: readonly AnyService[],
  ): Promise<RunSummary>;
}

export function workspace(files: Readonly<Record<string, string>> = {}): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: string) => join(folder, name);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(file(name)), { recursive: true });
    writeFileSync(file(name), text);
    return file(name);
  };
  for (const [name, text] of Object.entries(files)) write(name, text);
  const plan = async (
    name: string,
    request: ExperimentRequest = {},
    services: readonly AnyService[] = [],
  ) => planExperiment(await loadExperiment(file(name), request), { services });
  return {
    folder,
    file,
    write,
    read: (name) => readFileSync(file(name), 'utf8'),
    plan,
    run: async (name, request = {}, services = []) =>
      runExperiment(await plan(name, request, services), {
        outputDirectory: file('runs'),
        cache: openCache(file('cache')),
        print: () => undefined,
        ...request,
      }),
  };
}
