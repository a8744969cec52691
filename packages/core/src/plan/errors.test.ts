import { expect, test } from 'vitest';

import { errorsOf } from '../errors/error-list.js';
import { formatError } from '../errors/format-error.js';
import type { ExperimentRequest } from './experiment.js';
import { fakePlugin, workspace } from '../testing/workspace.js';

const head = `name: x\nplugins: ["${fakePlugin}"]\n`;

/** The screen that a user sees for an experiment file, without the folder's name. */
async function screen(text: string, request: ExperimentRequest = {}): Promise<string> {
  const at = workspace({ 'x.yaml': text });
  return screenOf(at.plan('x.yaml', request), at.folder);
}

async function screenOf(outcome: Promise<unknown>, folder: string): Promise<string> {
  const text = await outcome.then(
    () => 'no error',
    (error: unknown) => formatError(error, { colour: false, columns: 80 }),
  );
  const lines = text.split('\n');
  expect(lines.length).toBeLessThan(45);
  return text
    .replace(/\S*privatesnn-test-[^/\s]+/g, '…')
    .replaceAll(folder, '…')
    .replaceAll(fakePlugin, 'fake-plugin.js')
    .replace(/\S*fake-plugin\.js/g, 'fake-plugin.js');
}

test('a misspelt stage', async () => {
  expect(await screen(`${head}stages:\n  a: { use: fake-imges }\n`)).toMatchInlineSnapshot(`
    "Error [UNKNOWN_USE] No declared plugin has a stage "fake-imges".
      …/x.yaml:4:13
      4 |   a: { use: fake-imges }
                      ^^^^^^^^^^
      → Did you mean "fake-images"?"
  `);
});

test('a reporter among the stages, and the other way round', async () => {
  const words = async (text: string) => (await screen(head + text)).replace(/\s+/g, ' ');
  const stages = 'stages:\n  a: { use: fake-reporter }\n';
  expect(await words(stages)).toContain('has a reporter of that name: use it under "reporters:".');
  const reporters = 'stages:\n  a: { use: fake-images }\nreporters:\n  - { use: fake-images }\n';
  expect(await words(reporters)).toContain('has a stage of that name: use it under "stages:".');
});

test('a misspelt option', async () => {
  expect(await screen(`${head}stages:\n  a: { use: fake-images, options: { cuont: 3 } }\n`))
    .toMatchInlineSnapshot(`
    "Error [UNKNOWN_KEY] Unknown key "cuont" in the options of stage "a"
    (fake-images).
      …/x.yaml:4:37
      4 |   a: { use: fake-images, options: { cuont: 3 } }
                                              ^^^^^
      → Did you mean "count"?"
  `);
});

test('a misspelt plugin', async () => {
  expect(
    (
      await screen('name: x\nplugins: ["@privatesnn/plugins-dta"]\nstages:\n  a: { use: mnist }\n')
    ).replace(/Known plugins: .*/s, 'Known plugins'),
  ).toMatchInlineSnapshot(`
    "Error [UNKNOWN_PLUGIN] The plugin "@privatesnn/plugins-dta" is not installed.
      …/x.yaml:2:11
      2 | plugins: ["@privatesnn/plugins-dta"]
                    ^^^^^^^^^^^^^^^^^^^^^^^^^
      → Did you mean "@privatesnn/plugins-data"?"
  `);
});

test('a misspelt plugin file', async () => {
  const at = workspace({
    'x.yaml': 'name: x\nplugins: [./my-stge.js]\nstages:\n  a: { use: s }\n',
  });
  at.write('my-stage.js', '');
  expect(await screenOf(at.plan('x.yaml'), at.folder)).toMatchInlineSnapshot(`
    "Error [PLUGIN_FILE_NOT_FOUND] The file ./my-stge.js does not exist.
      …/x.yaml:2:11
      2 | plugins: [./my-stge.js]
                    ^^^^^^^^^^^^
      → Did you mean "my-stage.js"?"
  `);
});

test('a misspelt experiment file', async () => {
  const at = workspace({ 'quickstart.yaml': 'name: x\n' });
  expect(await screenOf(at.plan('quickstrat.yaml'), at.folder)).toMatchInlineSnapshot(`
    "Error [FILE_NOT_FOUND] The file …/quickstrat.yaml does
    not exist or cannot be read.
      → Did you mean "quickstart.yaml"?"
  `);
});

test('a folder in place of an experiment file', async () => {
  const at = workspace({ 'x.yaml': 'name: x\n', 'notes.md': '' });
  await expect(at.plan('.')).rejects.toMatchObject({
    code: 'FILE_IS_FOLDER',
    hint: 'Name one of its files: x.yaml.',
  });
});

test('a misspelt profile on the command line', async () => {
  const text = `${head}profiles: { desk: { seed: 1 } }\nstages: { a: { use: fake-images } }\n`;
  expect(await screen(text, { profile: 'desq' })).toMatchInlineSnapshot(`
    "Error [UNKNOWN_PROFILE] There is no profile "desq".
      command line
      --profile desq
                ^^^^
      → Did you mean "desk"?"
  `);
});

test('a misspelt base file', async () => {
  const at = workspace({ 'x.yaml': 'extends: ./bse.yaml\n', 'base.yaml': 'name: x\n' });
  expect(await screenOf(at.plan('x.yaml'), at.folder)).toMatchInlineSnapshot(`
    "Error [FILE_NOT_FOUND] The file …/bse.yaml does not
    exist or cannot be read.
      …/x.yaml:1:10
      1 | extends: ./bse.yaml
                   ^^^^^^^^^^
      → Did you mean "base.yaml"?"
  `);
});

test('misspelt keys', async () => {
  expect(await screen(`${head}sed: 1\nstages:\n  a: { use: fake-images, optons: {} }\n`))
    .toMatchInlineSnapshot(`
      "Error [UNKNOWN_KEY] Unknown key "sed" in the file.
        …/x.yaml:3:1
        3 | sed: 1
            ^^^
        → Did you mean "seed"?

      Error [UNKNOWN_KEY] Unknown key "optons" in stage "a".
        …/x.yaml:5:26
        5 |   a: { use: fake-images, optons: {} }
                                     ^^^^^^
        → Did you mean "options"?

      2 errors were found."
    `);
});

test('a wrong type', async () => {
  expect(
    await screen(`${head}stages:\n  a:\n    use: fake-images\n    options:\n      count: many\n`),
  ).toMatchInlineSnapshot(`
    "Error [WRONG_VALUE] Option "count" of stage "a" (fake-images): expected a
    number, received "many".
      …/x.yaml:7:14
      7 |       count: many
                       ^^^^"
  `);
});

test('a threshold scale of 0 and T = 0', async () => {
  expect(
    await screen(`${head}stages:
  ann: { use: fake-ann }
  images: { use: fake-images }
  dc:
    use: fake-converter
    inputs: { ann: ann, images: images }
    options: { scale: 0, timeSteps: 0 }
`),
  ).toMatchInlineSnapshot(`
    "Error [WRONG_VALUE] Option "scale" of stage "dc" (fake-converter): expected a
    number > 0, received 0.
      …/x.yaml:9:23
      9 |     options: { scale: 0, timeSteps: 0 }
                                ^

    Error [WRONG_VALUE] Option "timeSteps" of stage "dc" (fake-converter): expected
    a number ≥ 1, received 0.
      …/x.yaml:9:37
      9 |     options: { scale: 0, timeSteps: 0 }
                                              ^

    2 errors were found."
  `);
});

test('a stage that needs an artefact that no one makes', async () => {
  expect(
    await screen(`${head}stages:\n  attack: { use: fake-attacker }\n  a: { use: fake-images }\n`),
  ).toMatchInlineSnapshot(`
    "Error [MISSING_INPUT] Stage "attack" (fake-attacker) needs the input "victim"
    (snn or ann), and nothing is connected to it.
      …/x.yaml:4:3
      4 |   attack: { use: fake-attacker }
            ^^^^^^
      → No stage of this file makes snn or ann; add one."
  `);
});

test('an input that is not connected, though a stage makes what it needs', async () => {
  expect(
    await screen(`${head}stages:\n  ann: { use: fake-ann }\n  images: { use: fake-generator }\n`),
  ).toMatchInlineSnapshot(`
    "Error [MISSING_INPUT] Stage "images" (fake-generator) needs the input "ann"
    (ann), and nothing is connected to it.
      …/x.yaml:5:3
      5 |   images: { use: fake-generator }
            ^^^^^^
      → Add it under "inputs:"; it can come from ann.ann."
  `);
});

test('wrong references', async () => {
  expect(
    await screen(`${head}stages:
  ann: { use: fake-ann }
  a: { use: fake-generator, inputs: { ann: anm } }
  b: { use: fake-generator, inputs: { ann: ann.an } }
  c: { use: fake-generator, inputs: { an: ann } }
  d: { use: fake-generator, inputs: { ann: ann.curve } }
`),
  ).toMatchInlineSnapshot(`
    "Error [UNKNOWN_STAGE] Input "ann" of stage "a" names the stage "anm", which the
    file does not have.
      …/x.yaml:5:44
      5 |   a: { use: fake-generator, inputs: { ann: anm } }
                                                     ^^^
      → Did you mean "ann"?

    Error [UNKNOWN_OUTPUT] Stage "ann" has no output "an".
      …/x.yaml:6:44
      6 |   b: { use: fake-generator, inputs: { ann: ann.an } }
                                                     ^^^^^^
      → Did you mean "ann"?

    Error [MISSING_INPUT] Stage "c" (fake-generator) needs the input "ann" (ann),
    and nothing is connected to it.
      …/x.yaml:7:3
      7 |   c: { use: fake-generator, inputs: { an: ann } }
            ^
      → Add it under "inputs:"; it can come from ann.ann.

    Error [UNKNOWN_INPUT] Stage "c" (fake-generator) has no input "an".
      …/x.yaml:7:39
      7 |   c: { use: fake-generator, inputs: { an: ann } }
                                                ^^
      → Did you mean "ann"?

    Error [TYPE_MISMATCH] Input "ann" of stage "d": expected ann, received series
    from "ann.curve".
      …/x.yaml:8:44
      8 |   d: { use: fake-generator, inputs: { ann: ann.curve } }
                                                     ^^^^^^^^^

    5 errors were found."
  `);
});

test('an unknown input is told beside whatever else is wrong', async () => {
  const text = `${head}nme: y
goals: [ann]
stages:
  ann: { use: fake-ann, optoins: {}, inputs: { imges: real } }
  real: { use: fake-images, inputs: { a: ann }, options: { count: no } }
  dc: { use: fake-converter, preset: none, inputs: { ann: ann, images: 1, picture: real } }
`;
  const at = workspace({ 'x.yaml': text });
  const error: unknown = await at.plan('x.yaml').catch((thrown: unknown) => thrown);
  expect(errorsOf(error).map(({ code, place }) => `${place?.line} ${code}`)).toEqual([
    '3 UNKNOWN_KEY',
    '6 UNKNOWN_KEY',
    '6 UNKNOWN_INPUT',
    '7 UNKNOWN_INPUT',
    '7 WRONG_VALUE',
    '8 UNKNOWN_PRESET',
    '8 WRONG_VALUE',
    '8 UNKNOWN_INPUT',
  ]);
});

test('an attacker that reaches for images or for the teacher', async () => {
  expect(
    await screen(`${head}stages:
  ann: { use: fake-ann }
  real: { use: fake-images }
  dc: { use: fake-converter, inputs: { ann: ann, images: real } }
  one: { use: fake-attacker, inputs: { victim: real } }
  two: { use: fake-attacker, inputs: { victim: dc, teacher: ann } }
`),
  ).toMatchInlineSnapshot(`
    "Error [TYPE_MISMATCH] Input "victim" of stage "one": expected snn or ann,
    received images from "real".
      …/x.yaml:7:48
      7 |   one: { use: fake-attacker, inputs: { victim: real } }
                                                         ^^^^

    Error [UNKNOWN_INPUT] Stage "two" (fake-attacker) has no input "teacher".
      …/x.yaml:8:52
      8 |   two: { use: fake-attacker, inputs: { victim: dc, teacher: ann } }
                                                             ^^^^^^^
      → Known inputs: victim.

    2 errors were found."
  `);
});

test('stages in a circle', async () => {
  expect(
    await screen(`${head}stages:
  ann: { use: fake-ann }
  one: { use: fake-trainer, inputs: { snn: two, images: images } }
  two: { use: fake-trainer, inputs: { snn: one, images: images } }
  images: { use: fake-images }
`),
  ).toMatchInlineSnapshot(`
    "Error [CYCLE] Stages wait for one another: one → two → one.
      …/x.yaml:5:3
      5 |   one: { use: fake-trainer, inputs: { snn: two, images: images } }
            ^^^"
  `);
});

test('an unknown axis, profile, goal and override', async () => {
  const text = `${head}matrix: { product: { count: [1, 2] } }
goals: [b]
stages:
  aa: { use: fake-images, options: { count: "\${cuont}" } }
`;
  expect(await screen(text)).toMatchInlineSnapshot(`
    "Error [UNKNOWN_STAGE] "goals" names the stage "b", which the file does not have.
      …/x.yaml:4:9
      4 | goals: [b]
                  ^
      → Known stages: aa.

    Error [UNKNOWN_AXIS] \${cuont} names no axis of the matrix.
      …/x.yaml:6:45
      6 |   aa: { use: fake-images, options: { count: "\${cuont}" } }
                                                      ^^^^^^^^^^
      → Did you mean "count"?

    2 errors were found."
  `);
  expect(await screen(text, { profile: 'dsk' })).toMatchInlineSnapshot(`
    "Error [UNKNOWN_PROFILE] There is no profile "dsk".
      command line
      --profile dsk
                ^^^
      → There are no profiles."
  `);
  expect(await screen(text, { overrides: ['ab.count=3', 'count'] })).toMatchInlineSnapshot(`
    "Error [UNKNOWN_STAGE] The override names the stage "ab", which the file does not
    have.
      command line
      ab.count=3
      ^^^^^^^^
      → Did you mean "aa"?

    Error [OVERRIDE_FORM] An override is expected as stage.option=value, seed=number
    or preset=name; received "count".
      command line
      count
      ^
      → Also: goals=[…], matrix.product.axis=[…], +stage={…} to add, ~stage.option
      to take away.

    2 errors were found."
  `);
  expect(
    await screen(text.replace('${cuont}', '${count}').replace('[b]', '[aa]'), {
      overrides: ['aa.split=tst'],
    }),
  ).toMatchInlineSnapshot(`
    "Error [WRONG_VALUE] Option "split" of stage "aa" (fake-images): expected one of
    "train", "test", received "tst".
      command line
      aa.split=tst
               ^^^
      → Did you mean "test"?"
  `);
});

test("a mistake that a stage's own check finds, at the option's value, where a goal needs it", async () => {
  const text = `${head}stages:
  ann: { use: fake-ann }
  images: { use: fake-generator, inputs: { ann: ann } }
  snn: { use: fake-converter, inputs: { ann: ann, images: images } }
  train: { use: fake-trainer, inputs: { snn: snn, images: images }, options: { taught: true } }
`;
  expect(await screen(text)).toMatchInlineSnapshot(`
    "Error [FAKE_CHECK] Stage "train" (fake-trainer): Mistake.
      …/x.yaml:7:88
      7 | …ner, inputs: { snn: snn, images: images }, options: { taught: true } }
                                                                         ^^^^"
  `);
  expect(await screen(`${text}goals: [snn]\n`)).toBe('no error');
  expect(
    await screen(text.replace('images: images }, o', 'images: images, teacher: ann }, o')),
  ).toBe('no error');
  expect(await screen(text.replace('taught', 'taugt'))).toContain('UNKNOWN_KEY');
});

test('broken YAML', async () => {
  expect(await screen('name: x\nstages:\n\ta: 1\n')).toMatchInlineSnapshot(`
    "Error [YAML_SYNTAX] This is not valid YAML: Tabs are not allowed as indentation
      …/x.yaml:3:1
      3 |  a: 1
          ^
      → Indent with spaces; YAML does not allow tabs."
  `);
  expect(await screen('')).toMatchInlineSnapshot(`
    "Error [NOT_AN_EXPERIMENT] x.yaml must be a map with a key "stages".
      …/x.yaml:1:1
      1 | 
          ^"
  `);
});

test('many mistakes still fit one screen', async () => {
  const stages = Array.from({ length: 40 }, (_, i) => `  s${i}: { use: fake-imges${i} }`);
  expect((await screen(`${head}stages:\n${stages.join('\n')}\n`)).split('\n').slice(-3)).toEqual([
    'and 34 more errors.',
    '',
    '40 errors were found.',
  ]);
});
