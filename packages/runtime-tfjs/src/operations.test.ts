import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, test } from 'vitest';

import { operationCases } from './testing/operations.js';

const packages = fileURLToPath(new URL('../../', import.meta.url));

/** What the project calls on `tf` that has no kernel: tensors from numbers, memory, gradients, backends. */
const helpers = [
  ...['tensor', 'tensor1d', 'tensor2d', 'tensor3d', 'tensor4d', 'scalar', 'zeros'],
  ...['tidy', 'keep', 'dispose'],
  ...['valueAndGrad', 'valueAndGrads', 'customGrad'],
  ...['getBackend', 'setBackend', 'registerBackend', 'registerKernel', 'getKernelsForBackend'],
];

/** The packages' sources without their tests, by path. */
const sources = new Map(
  readdirSync(packages).flatMap((name) => {
    const folder = join(packages, name, 'src');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.[jt]s$/.test(file) && !/\.test\.ts$|(^|[\\/])testing[\\/]/.test(file))
      .map((file) => [join(name, file), readFileSync(join(folder, file), 'utf8')]);
  }),
);

/** Names called on `tf`; those of `util`, `backend_util` and the like only compute shapes. */
const called = new Set(
  [...sources.values()]
    .flatMap((text) => [...text.matchAll(/\btf\s*\.\s*((?:\w+\.)*\w+)(?:<[^>(]*>)?\(/g)])
    .map(([, name]) => name!)
    .filter((name) => !/^(\w+_)?util\./.test(name)),
);

describe('the list of tested operations', () => {
  test('has every one that the sources call', () => {
    expect(called.size).toBeGreaterThan(30);
    const tested = new Set(operationCases.map(({ name }) => /^[\w.]+/.exec(name)![0]));
    const missing = [...called].filter((name) => !tested.has(name) && !helpers.includes(name));
    expect(missing).toEqual([]);
  });

  test('leaves out no helper that is not called', () => {
    expect(helpers.filter((name) => !called.has(name))).toEqual([]);
  });

  test('misses no call: `tf` has no other name, and its operations have none', () => {
    const renamed = /\btf\[|\b(?:const|let|var)\s+(?:\w+|\{[^{}]*\})\s*(?::[^=;]*)?=\s*tf\s*[;,]/;
    const files = [...sources].filter(([, text]) => renamed.test(text)).map(([file]) => file);
    expect(files).toEqual([]);
  });
});
