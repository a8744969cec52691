import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { UserError } from '@privatesnn/core';
import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import { relativeDifference } from '../steps/check.js';
import { floats, imagesOf, outputOf, type Images } from '../testing/evaluate.js';
import { readKeras } from './read.js';

/** A random network and what Keras gives for it; `testing/random_networks.py` makes them. */
interface Case {
  readonly file: string;
  readonly layers: readonly string[];
  /** Words of the reason, for a network that holds something that must be refused. */
  readonly refused: string | null;
  readonly input: Images;
  readonly output: string;
}

/** A Python with the packages of `testing/requirements.txt`. */
const python = process.env['PRIVATESNN_PYTHON'];
const count = 200;

let folder: string;
let runtime: TensorRuntime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-random-networks-'));
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.skipIf(python === undefined)(
  'random networks give what Keras does, or are refused for the right reason (needs PRIVATESNN_PYTHON)',
  async () => {
    const script = join(import.meta.dirname, 'testing', 'random_networks.py');
    const seed = process.env['PRIVATESNN_GRAPH_SEED'] ?? '1';
    execFileSync(python!, [script, folder, String(count), seed], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const cases = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as Case[];
    const wrong: string[] = [];
    let [equal, refused] = [0, 0];
    for (const { file, layers, refused: reason, input, output } of cases) {
      const told = (what: string) => wrong.push(`${file} (${layers.join(', ')}) ${what}`);
      try {
        const container = file.endsWith('.h5') ? 'h5' : 'keras';
        const [, height, width, channels] = input.shape;
        const read = await readKeras(join(folder, file), container, {
          inputRange: [-1, 1],
          inputShape: [height, width, channels],
        });
        const got = outputOf(runtime, read.ann, imagesOf(input, read.probe), read.probe.end);
        const difference = relativeDifference(got, floats(output));
        if (difference <= 1e-4 && reason === null) equal++;
        else told(`differs by ${difference}, to be refused: ${reason}`);
      } catch (error) {
        if (!(error instanceof UserError)) told(String(error));
        else if (reason !== null && new RegExp(reason).test(error.message)) refused++;
        else told(error.message);
      }
    }
    console.log(`${equal} equal, ${refused} refused, ${wrong.length} wrong`);
    expect(wrong).toEqual([]);
    expect(equal).toBeGreaterThan(count / 2);
    expect(refused).toBeGreaterThan(count / 10);
  },
);
