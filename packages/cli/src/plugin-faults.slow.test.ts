import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { start } from './testing/start.js';

/** A stage in one file; every case spoils one part of it. */
interface Parts {
  /** Beneath the imports. */
  readonly top?: string;
  readonly options?: string;
  readonly check?: string;
  readonly create?: string;
  /** The body of `run`. */
  readonly run?: string;
}

const stage = ({ top = '', options = 'z.strictObject({})', check, create, run }: Parts) => `
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
${top}
export default {
  kind: 'metric', id: 'bad', version: 1, summary: 'Bad.', options: ${options},
  inputs: {}, outputs: { it: { type: 'scalars', description: 'x' } }, dependencies: {},
  ${check === undefined ? '' : `check: ${check},`}
  create: ${create ?? `() => ({ async run(context) { ${run ?? 'return give({ a: 1 });'} } })`},
};
function give(values) { return { it: { type: 'scalars', values } }; }
`;

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'privatesnn-faults-'));
  // Where the stages' import of zod is found.
  const zod = join(folder, 'node_modules/zod');
  mkdirSync(zod, { recursive: true });
  const real = JSON.stringify(import.meta.resolve('zod'));
  writeFileSync(join(zod, 'index.js'), `export * from ${real};\n`);
  writeFileSync(join(zod, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function screen(name: string, parts: Parts) {
  const own = join(folder, name.replace(/\W+/g, '-'));
  mkdirSync(own);
  writeFileSync(join(own, 'bad.mjs'), stage(parts));
  writeFileSync(join(own, 'x.yaml'), 'name: J\nstages:\n  S: { use: ./bad.mjs }\n');
  const { code, stdout, stderr } = await start(own, 'run', 'x.yaml').ended;
  return { code, text: `${stdout}${stderr}`.replace(/\s+/g, ' ') };
}

test('the stage that the cases spoil is sound', async () => {
  expect((await screen('sound', {})).code).toBe(0);
});

const circle = 'const e = new Error("round"); e.cause = e; throw e;';
const hostile = `throw new Proxy({}, { get() { throw 1; }, getPrototypeOf() { throw 2; } });`;

test.concurrent.each<[string, Parts, string]>([
  // What run() gives
  ['nothing', { run: '' }, 'run() gave undefined'],
  ['a list', { run: 'return [1]' }, 'run() gave a list'],
  ['null as an output', { run: 'return { it: null }' }, 'is null'],
  ['a Map', { run: 'return give({ a: new Map() })' }, 'is a Map'],
  ['a Date', { run: 'return give({ a: new Date() })' }, 'is a Date'],
  ['a function', { run: 'return give({ a: () => 1 })' }, 'values.a'],
  ['a symbol', { run: 'return give({ a: Symbol("x") })' }, 'values.a'],
  ['a BigInt', { run: 'return give({ a: 1n })' }, 'values.a'],
  ['a cycle', { run: 'const v = {}; v.v = v; return give(v)' }, 'contains itself'],
  ['depth', { run: 'let v = 1; for (let i = 0; i < 1e5; i++) v = { v }; return give(v)' }, 'deep'],
  ['an accessor', { run: 'return give({ get a() { throw new Error("no"); } })' }, 'an accessor'],
  ['a Proxy', { run: 'return give(new Proxy({ a: 1 }, {}))' }, 'is a Proxy'],
  ['an instance', { run: 'return give(new (class Box { a = 1 })())' }, 'is a Box'],
  // What it throws
  ['null thrown', { run: 'throw null' }, 'failed: null'],
  ['undefined thrown', { run: 'throw undefined' }, 'failed: undefined'],
  ['a text thrown', { run: 'throw "boom"' }, 'failed: boom'],
  ['a symbol thrown', { run: 'throw Symbol("s")' }, 'Symbol(s)'],
  ['an object thrown', { run: 'throw { code: 5 }' }, 'code: 5'],
  ['a hostile toString', { run: 'throw { toString() { throw 1; } }' }, 'toString'],
  [
    'a hostile message',
    { run: 'throw Object.defineProperty(new Error(), "message", { get() { throw 1; } })' },
    'failed:',
  ],
  ['a hostile Proxy', { run: hostile }, 'failed:'],
  ['its own cause', { run: circle }, 'failed: round'],
  ['five megabytes', { run: 'throw new Error("x".repeat(5e6))' }, 'characters left out'],
  [
    'a UserError of no class',
    {
      run: 'throw Object.assign(new Error("odd"), { name: "UserError", errorClass: "x", code: 5 })',
    },
    'failed: odd',
  ],
  // What it leaves to nobody
  ['a rejection', { run: 'void Promise.reject(new Error("lost")); await sleep(9e4)' }, 'lost'],
  ['a rejected null', { run: 'void Promise.reject(null); await sleep(9e4)' }, 'failed: null'],
  [
    'a timer',
    { run: 'setTimeout(() => { throw new Error("late"); }, 1); await sleep(9e4)' },
    'late',
  ],
  [
    'a worker',
    { run: 'new Worker("throw new Error(\'far\')", { eval: true }); await sleep(9e4)' },
    'far',
  ],
  // What is asked before it runs
  ['check throws', { check: '() => { throw null; }' }, 'check() of stage "S"'],
  ['check gives texts', { check: '() => ["wrong"]' }, 'a list with "wrong"'],
  ['check gives one', { check: '() => "wrong"' }, 'it gave a string'],
  ['check is async', { check: 'async () => { throw new Error("x"); }' }, 'it gave a Promise'],
  [
    'options throw',
    { options: 'z.strictObject({}).refine(() => { throw new Error("no"); })' },
    'The options of stage "S"',
  ],
  [
    'options are async',
    { options: 'z.strictObject({}).refine(async () => true)' },
    'The options of stage "S"',
  ],
  ['options make a Map', { options: 'z.strictObject({}).transform(() => new Map())' }, 'a Map'],
  ['options give nothing', { options: '{ safeParse() {} }' }, 'The options of stage "S"'],
  // What makes it
  ['create gives nothing', { create: '() => undefined' }, 'create() gave undefined'],
  ['create throws', { create: '() => { throw "made"; }' }, 'failed: made'],
  [
    'fingerprint throws',
    { create: '() => ({ run() {}, fingerprint() { throw null; } })' },
    'failed: null',
  ],
])("%s is the plugin's fault", async (name, parts, message) => {
  const { code, text } = await screen(name, parts);
  expect(text).toContain(message);
  expect(text).toMatch(/[Ss]tage "S" \(\S*bad of \.\/bad\.mjs\) in job "J"/);
  expect(text).not.toContain('defect of the program');
  expect(code).toBe(4);
  // Five megabytes are not shown whole.
  expect(text.length).toBeLessThan(6000);
});

test.concurrent.each<[string, string, string]>([
  ['a rejection while loading', 'void Promise.reject(new Error("early"));', 'early'],
  ['a throw while loading', 'throw null;', 'could not be loaded: null'],
  ['a cycle of causes while loading', circle, 'could not be loaded: round'],
])("%s is the plugin's fault", async (name, top, message) => {
  const { code, text } = await screen(name, { top });
  expect(text).toContain(message);
  expect(text).toContain('he plugin "./bad.mjs"');
  expect(text).not.toContain('defect of the program');
  expect(code).toBe(4);
});
