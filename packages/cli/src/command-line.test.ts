import { execFileSync } from 'node:child_process';

import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';

import { commandLine } from './command-line.js';

test.each([
  [
    ['run', 'experiments/quickstart.yaml', 'convert.timeSteps=64'],
    'run experiments/quickstart.yaml convert.timeSteps=64',
  ],
  [['run', '/home/me/nets/x.yaml'], 'run x.yaml'],
  [['run', '/elsewhere/x.yaml'], 'run /elsewhere/x.yaml'],
  [['run', 'my file.yaml', "a.b=it's"], "run 'my file.yaml' 'a.b=it'\\''s'"],
])('%j', (argv, text) => {
  expect(commandLine(argv, '/home/me/nets')).toBe(`privatesnn ${text}`);
});

// An argument holds no NUL, and one that starts with "/" is a path here.
const argument = fc.string().map((text) => text.replace(/\0|^\/+/g, ''));

test.prop([fc.array(argument)], { numRuns: 20 })('a shell reads the same arguments', (argv) => {
  const script = commandLine(['x', ...argv]).replace('privatesnn', 'printf "%s\\0"');
  const read = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0');
  expect(read).toEqual(['x', ...argv, '']);
});
