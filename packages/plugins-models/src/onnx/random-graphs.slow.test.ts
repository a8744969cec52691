import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, it } from 'vitest';

import { UserError } from '@privatesnn/core';
import { createTensorRuntime, type TensorRuntime } from '@privatesnn/runtime-tfjs';

import { relativeDifference } from '../steps/check.js';
import { readOnnx } from './read.js';
import { floats, outputOf, type Images } from '../testing/evaluate.js';

/** A random graph and what onnxruntime gives for it; `testing/random_graphs.py` makes them. */
interface Case {
  readonly file: string;
  readonly opset: number;
  readonly operators: readonly string[];
  /** The words of the reason, for a graph that holds something that must be refused. */
  readonly refused: string | null;
  readonly input: Images;
  readonly output: Images;
}

/** A Python with the packages of `testing/requirements.txt`. */
const python = process.env['PRIVATESNN_PYTHON'];
const count = 300;

let folder: string;
let runtime: TensorRuntime;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'privatesnn-random-graphs-'));
  runtime = await createTensorRuntime({ prefer: 'embedded', threads: 1 });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it.skipIf(python === undefined)(
  'random graphs give what onnxruntime does, or are refused for the right reason (needs PRIVATESNN_PYTHON)',
  async () => {
    const script = join(import.meta.dirname, 'testing', 'random_graphs.py');
    const seed = process.env['PRIVATESNN_GRAPH_SEED'] ?? '1';
    execFileSync(python!, [script, folder, String(count), seed], { stdio: 'inherit' });
    const cases = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as Case[];
    const wrong: string[] = [];
    let [equal, refused] = [0, 0];
    for (const { file, opset, operators, refused: reason, input, output } of cases) {
      const told = (what: string) =>
        wrong.push(`${file} (${opset}: ${operators.join(', ')}) ${what}`);
      try {
        const { ann } = await readOnnx(join(folder, file), { inputRange: [-1, 1] });
        const difference = relativeDifference(outputOf(runtime, ann, input), floats(output.values));
        if (difference <= 1e-4) equal++;
        else told(`differs by ${difference}`);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        if (reason !== null && new RegExp(reason).test(error.message)) refused++;
        else told(error.message);
      }
    }
    console.log(`${equal} equal, ${refused} refused, ${wrong.length} wrong`);
    expect(wrong).toEqual([]);
    expect(equal).toBeGreaterThan(count / 2);
    expect(refused).toBeGreaterThan(count / 10);
  },
);
