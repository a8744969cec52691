import { UserError, type Place } from '../../contracts/error.js';
import { suggestion } from '../suggest.js';

const configuration = (code: string, message: string, place?: Place, hint?: string) =>
  new UserError('configuration', code, message, {
    ...(place ? { place } : {}),
    ...(hint ? { hint } : {}),
  });

export const fileTooLarge = (file: string, size: number, limit: number) =>
  configuration(
    'FILE_TOO_LARGE',
    `An experiment file, with the files that it extends, may have ${limit} characters; here they are ${size}.`,
    { file },
  );

export const fileMissing = (file: string, place: Place | undefined, near: string | undefined) =>
  configuration(
    'FILE_NOT_FOUND',
    `The file ${file} does not exist or cannot be read.`,
    place,
    near ? `Did you mean "${near}"?` : 'Check the path; it is relative to where it is written.',
  );

export const fileIsFolder = (
  file: string,
  place: Place | undefined,
  experiments: readonly string[],
) =>
  configuration(
    'FILE_IS_FOLDER',
    `${file} is a folder; an experiment file is expected.`,
    place,
    experiments.length > 0
      ? `Name one of its files: ${experiments.slice(0, 8).join(', ')}${experiments.length > 8 ? ', …' : ''}.`
      : 'Name a YAML file.',
  );

export const fileNotOrdinary = (what: string, place: Place | undefined) =>
  configuration('FILE_NOT_ORDINARY', `Only ordinary files are read: ${what}.`, place);

export const extendsTooLong = (limit: number, place: Place) =>
  configuration('EXTENDS_TOO_LONG', `At most ${limit} files may extend one another.`, place);

export const yamlSyntax = (code: string, message: string, place: Place) =>
  configuration(
    'YAML_SYNTAX',
    `This is not valid YAML: ${message.replace(/\s+/g, ' ')}`,
    place,
    code === 'TAB_AS_INDENT' ? 'Indent with spaces; YAML does not allow tabs.' : undefined,
  );

export const tooManyTokens = (limit: number, place: Place) =>
  configuration(
    'YAML_TOO_LARGE',
    `The file has more than ${limit} words and signs; the last one that is allowed stands here.`,
    place,
    'Split it into several experiments.',
  );

export const tooManyValues = (limit: number, place: Place) =>
  configuration(
    'YAML_TOO_LARGE',
    `Here the file comes to more than ${limit} values, with those that aliases repeat.`,
    place,
    'Aliases (*name) that contain aliases grow quickly; write less, or use fewer of them.',
  );

export const tooDeep = (limit: number, place: Place) =>
  configuration(
    'YAML_TOO_LARGE',
    `Lists and maps may lie within one another ${limit} levels deep, with those that aliases repeat; here are more.`,
    place,
  );

export const unusableKey = (place: Place) =>
  configuration(
    'YAML_KEY',
    'A key must be a word or a number; this one is a list, a map or empty.',
    place,
  );

export const forbiddenKey = (key: string, place: Place) =>
  configuration('YAML_KEY', `The key "${key}" is not allowed.`, place, 'Choose another name.');

export const notAMap = (file: string, place: Place) =>
  configuration('NOT_AN_EXPERIMENT', `${file} must be a map with a key "stages".`, place);

export const extendsCycle = (chain: readonly string[], place: Place) =>
  configuration('EXTENDS_CYCLE', `"extends" goes in a circle: ${chain.join(' → ')}.`, place);

export const unknownProfile = (name: string, known: readonly string[], place: Place | undefined) =>
  configuration(
    'UNKNOWN_PROFILE',
    `There is no profile "${name}".`,
    place,
    suggestion(name, known, 'profiles'),
  );

export const unknownPreset = (name: string, use: string, known: readonly string[], place: Place) =>
  configuration(
    'UNKNOWN_PRESET',
    `The stage "${use}" has no preset "${name}".`,
    place,
    suggestion(name, known, 'presets'),
  );

export const unusedPreset = (name: string, known: readonly string[], place: Place) =>
  configuration(
    'UNKNOWN_PRESET',
    `No stage of this file has a preset "${name}".`,
    place,
    suggestion(name, known, 'presets'),
  );

export const unknownKey = (key: string, where: string, known: readonly string[], place: Place) =>
  configuration(
    'UNKNOWN_KEY',
    `Unknown key "${key}" in ${where}.`,
    place,
    suggestion(key, known, 'keys'),
  );

export const wrongValue = (
  what: string,
  expected: string,
  received: string,
  place: Place,
  hint?: string,
) =>
  configuration('WRONG_VALUE', `${what}: expected ${expected}, received ${received}.`, place, hint);

export const invalidValue = (what: string, message: string, place: Place) =>
  configuration('WRONG_VALUE', `${what}: ${message}`, place);

export const missingValue = (what: string, expected: string, place: Place) =>
  configuration('MISSING_VALUE', `${what} is missing: expected ${expected}.`, place);

export const overrideForm = (text: string, place: Place) =>
  configuration(
    'OVERRIDE_FORM',
    `An override is expected as stage.option=value, seed=number or preset=name; received "${text}".`,
    place,
    'Also: goals=[…], matrix.product.axis=[…], +stage={…} to add, ~stage.option to take away.',
  );

export const overrideExists = (path: string, place: Place) =>
  configuration(
    'OVERRIDE_EXISTS',
    `"+" adds what is not there, but the experiment has "${path}" already.`,
    place,
    'Leave the "+" out to change it.',
  );

export const overrideMissing = (path: string, known: readonly string[], place: Place) =>
  configuration(
    'OVERRIDE_MISSING',
    `"~" takes away what is there, but the experiment has no "${path}".`,
    place,
    suggestion(path, known, 'names'),
  );

export const rangeForm = (text: string, what: string, place: Place) =>
  configuration(
    'OVERRIDE_FORM',
    `The range ${text} ${what}.`,
    place,
    'Write first..last or first..last..step: 1..5, 0..100..25.',
  );

export const unknownStageName = (
  name: string,
  known: readonly string[],
  place: Place,
  by: string,
) =>
  configuration(
    'UNKNOWN_STAGE',
    `${by} names the stage "${name}", which the file does not have.`,
    place,
    suggestion(name, known, 'stages'),
  );

export const unknownAxis = (name: string, known: readonly string[], place: Place) =>
  configuration(
    'UNKNOWN_AXIS',
    `\${${name}} names no axis of the matrix.`,
    place,
    suggestion(name, known, 'axes'),
  );

export const zipLengths = (
  lengths: readonly (readonly [axis: string, length: number])[],
  place: Place,
) => {
  const shown = lengths.slice(0, 12).map(([axis, length]) => `${axis}: ${length}`);
  return configuration(
    'ZIP_LENGTHS',
    `The lists of matrix.zip must be equally long; they have ${shown.join(', ')}${
      lengths.length > shown.length ? ', …' : ''
    } values.`,
    place,
  );
};

export const doubleAxis = (axis: string, place: Place) =>
  configuration(
    'DUPLICATE_AXIS',
    `The axis "${axis}" stands in two parts of the matrix.`,
    place,
    'To replace what another file says of it, take that part away: "zip: null".',
  );

export const incompleteCell = (missing: readonly string[], place: Place) =>
  configuration(
    'INCOMPLETE_CELL',
    `This cell gives no value for ${missing.slice(0, 12).join(', ')}${missing.length > 12 ? ', …' : ''}.`,
    place,
  );

export const tooManyCellValues = (limit: number, place: Place) =>
  configuration(
    'TOO_MANY_VALUES',
    `The axes of all cells together have more than ${limit} values.`,
    place,
    'Use fewer cells or axes, or shorter lists as values.',
  );

export const tooManyFilled = (limit: number, place: Place) =>
  configuration(
    'TOO_MANY_VALUES',
    `Filling in the axes' values gives more than ${limit} values for all jobs together.`,
    place,
    'Name axes in fewer places, or use fewer cells or shorter lists as values.',
  );

export const longText = (limit: number, place: Place) =>
  configuration(
    'LONG_TEXT',
    `With the axes' values filled in, this text has more than ${limit} characters.`,
    place,
  );

export const longJobName = (length: number, limit: number, place: Place) =>
  configuration(
    'LONG_TEXT',
    `A job's name may have ${limit} characters; here one has ${length}.`,
    place,
    'Give matrix.name a template that names the axes with short values.',
  );

export const tooManyStages = (count: number, limit: number, place: Place) =>
  configuration(
    'TOO_MANY_STAGES',
    `The file has ${count} stages; at most ${limit} are allowed.`,
    place,
  );

export const tooMuchWork = (jobs: number, stages: number, limit: number, place: Place) =>
  configuration(
    'TOO_MANY_JOBS',
    `${jobs} jobs with ${stages} stages each come to more than ${limit} stages.`,
    place,
    'Use fewer cells, or split the file.',
  );

export const noJobs = (place: Place) =>
  configuration(
    'NO_JOBS',
    'The matrix has no cell: a list is empty, or everything is excluded.',
    place,
  );

export const tooManyJobs = (count: number, limit: number, place: Place) =>
  configuration(
    'TOO_MANY_JOBS',
    `The matrix has ${count} cells; at most ${limit} are allowed.`,
    place,
  );

export const sameJobName = (name: string, place: Place) =>
  configuration(
    'DUPLICATE_JOB',
    `Two cells of the matrix have the name "${name}".`,
    place,
    'Give matrix.name a template that names every axis in which they differ.',
  );

export const unknownInput = (
  stage: string,
  use: string,
  port: string,
  known: readonly string[],
  place: Place,
) =>
  configuration(
    'UNKNOWN_INPUT',
    `Stage "${stage}" (${use}) has no input "${port}".`,
    place,
    suggestion(port, known, 'inputs'),
  );

export const missingInput = (
  stage: string,
  use: string,
  port: string,
  types: readonly string[],
  makers: readonly string[],
  place: Place,
) =>
  configuration(
    'MISSING_INPUT',
    `Stage "${stage}" (${use}) needs the input "${port}" (${types.join(' or ')}), and nothing is connected to it.`,
    place,
    makers.length > 0
      ? `Add it under "inputs:"; it can come from ${makers.join(', ')}.`
      : `No stage of this file makes ${types.join(' or ')}; add one.`,
  );

export const unknownOutput = (
  stage: string,
  output: string,
  known: readonly string[],
  place: Place,
) =>
  configuration(
    'UNKNOWN_OUTPUT',
    `Stage "${stage}" has no output "${output}".`,
    place,
    suggestion(output, known, 'outputs'),
  );

export const ambiguousOutput = (stage: string, candidates: readonly string[], place: Place) =>
  configuration(
    'AMBIGUOUS_OUTPUT',
    `Stage "${stage}" has several outputs that fit here: ${candidates.join(', ')}.`,
    place,
    `Write "${stage}.${candidates[0]}".`,
  );

export const typeMismatch = (
  stage: string,
  port: string,
  expected: readonly string[],
  reference: string,
  received: readonly string[],
  place: Place,
) =>
  configuration(
    'TYPE_MISMATCH',
    `Input "${port}" of stage "${stage}": expected ${expected.join(' or ')}, received ${
      received.length > 0 ? received.join(', ') : 'nothing'
    } from "${reference}".`,
    place,
  );

export const cycle = (chain: readonly string[], place: Place) =>
  configuration('CYCLE', `Stages wait for one another: ${chain.join(' → ')}.`, place);

/** What a stage's own `check` found, with the stage and its place. */
export const stageMistake = (stage: string, use: string, found: UserError, place: Place) =>
  new UserError(found.errorClass, found.code, `Stage "${stage}" (${use}): ${found.message}`, {
    place,
    ...(found.hint === undefined ? {} : { hint: found.hint }),
  });

export const missingService = (
  stage: string,
  use: string,
  service: string,
  known: readonly string[],
  place: Place,
) =>
  configuration(
    'MISSING_SERVICE',
    `Stage "${stage}" (${use}) needs the service "${service}", which no plugin provides.`,
    place,
    suggestion(service, known, 'services'),
  );
