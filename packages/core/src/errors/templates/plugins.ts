import { UserError, type Place } from '../../contracts/error.js';
import type { Fault } from '../../plugins/contract.js';
import { nearest, suggestion } from '../suggest.js';

const plugin = (
  code: string,
  message: string,
  place?: Place,
  hint?: string,
  cause?: unknown,
): UserError =>
  new UserError('plugin', code, message, {
    ...(place ? { place } : {}),
    ...(hint ? { hint } : {}),
    ...(cause === undefined ? {} : { cause }),
  });

export const pluginNotFound = (name: string, known: readonly string[], place: Place) =>
  plugin(
    'UNKNOWN_PLUGIN',
    `The plugin "${name}" is not installed.`,
    place,
    nearest(name, known) === undefined
      ? `${suggestion(name, known, 'plugins')} To install it: npm install ${name}`
      : suggestion(name, known, 'plugins'),
  );

export const pluginFileNotFound = (path: string, near: string | undefined, place: Place) =>
  plugin(
    'PLUGIN_FILE_NOT_FOUND',
    `The file ${path} does not exist.`,
    place,
    near ? `Did you mean "${near}"?` : "The path starts from the experiment file's folder.",
  );

export const notAPlugin = (name: string, manifest: string, api: number, place: Place) =>
  plugin(
    'NOT_A_PLUGIN',
    `The package "${name}" is no plugin: ${manifest} has no "privatesnn": { "plugin": true }.`,
    place,
    `If it holds stages, add "privatesnn": { "plugin": true, "api": ${api} } to that file; else take it out of "plugins:".`,
  );

export const wrongApi = (name: string, expected: number, received: unknown, place: Place) =>
  plugin(
    'PLUGIN_API',
    `The plugin "${name}" was made for api ${JSON.stringify(received) ?? 'none'}, this program has api ${expected}.`,
    place,
    'Install a version of the plugin that fits this version of privatesnn.',
  );

export const secondTensorflow = (name: string, theirs: string, ours: string, place: Place) =>
  plugin(
    'SECOND_TFJS',
    `The plugin "${name}" brings its own copy of @tensorflow/tfjs-core; two copies cannot share tensors.`,
    place,
    `Make it a peer dependency of the plugin. Theirs: ${theirs}; ours: ${ours}.`,
  );

export const pluginFailed = (name: string, file: string, cause: unknown, place: Place) =>
  plugin(
    'PLUGIN_LOAD',
    `The plugin "${name}" could not be loaded: ${cause instanceof Error ? cause.message.split('\n')[0] : String(cause)}`,
    place,
    `Its entry is ${file}.`,
    cause,
  );

export const pluginNotBuilt = (name: string, file: string, place: Place) =>
  plugin(
    'PLUGIN_LOAD',
    `The plugin "${name}" could not be loaded: its entry ${file} does not exist.`,
    place,
    'Build the plugin, or correct "exports" in its package.json.',
  );

export const badDefinition = (name: string, file: string, fault: Fault, place: Place) =>
  plugin(
    'PLUGIN_CONTRACT',
    `The plugin "${name}" breaks the contract: ${fault.what}`,
    place,
    `${fault.hint ?? 'Correct the definition.'} The plugin's entry is ${file}.`,
  );

export const duplicateId = (name: string, id: string, place: Place) =>
  plugin('DUPLICATE_ID', `The plugin "${name}" declares "${id}" twice.`, place);

export const duplicateService = (service: string, providers: readonly string[], place: Place) =>
  plugin(
    'DUPLICATE_SERVICE',
    `The service "${service}" is provided twice: by ${providers.join(' and by ')}.`,
    place,
  );

const otherThan = { stage: 'reporter', reporter: 'stage' } as const;

export const unknownUse = (
  what: 'stage' | 'reporter',
  use: string,
  known: readonly string[],
  place: Place,
  /** The plugin that has one of the other sort by this name. */
  other?: string,
) =>
  plugin(
    what === 'stage' ? 'UNKNOWN_USE' : 'UNKNOWN_REPORTER',
    `No declared plugin has a ${what} "${use}".`,
    place,
    other !== undefined
      ? `The plugin "${other}" has a ${otherThan[what]} of that name: use it under "${otherThan[what]}s:".`
      : known.length > 0
        ? suggestion(use, known, `${what}s`)
        : 'Name its package under "plugins:".',
  );

export const ambiguousUse = (use: string, candidates: readonly string[], place: Place) =>
  plugin(
    'AMBIGUOUS_USE',
    `Several plugins have "${use}".`,
    place,
    `Write one of ${candidates.map((one) => `"${one}"`).join(', ')}.`,
  );
