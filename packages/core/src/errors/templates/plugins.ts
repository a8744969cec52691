import { UserError, type Place } from '../../contracts/error.js';
import type { Fault } from '../../plugins/contract.js';
import { StrayError } from '../stray.js';
import { nearest, suggestion } from '../suggest.js';
import { safeError } from '../thrown.js';

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

export function pluginFailed(name: string, file: string, thrown: unknown, place: Place): UserError {
  if (thrown instanceof StrayError) return thrown;
  const cause = safeError(thrown);
  const message = `The plugin "${name}" could not be loaded: ${cause.message.split('\n')[0]}`;
  return plugin('PLUGIN_LOAD', message, place, `Its entry is ${file}.`, cause);
}

const asyncHint = 'It is asked before anything runs: it must neither throw nor be asynchronous.';

/** @param owner the stage or reporter, with its plugin */
export function optionsFailed(owner: string, thrown: unknown, place: Place): UserError {
  const cause = safeError(thrown);
  const message = `The options of ${lowered(owner)} cannot be checked: ${cause.message}`;
  return plugin('OPTIONS_FAILED', message, place, asyncHint, cause);
}

/** @param owner the stage, with its plugin */
export function checkFailed(owner: string, thrown: unknown, place: Place): UserError {
  const cause = safeError(thrown);
  const message = `check() of ${lowered(owner)} failed: ${cause.message}`;
  return plugin('CHECK_FAILED', message, place, asyncHint, cause);
}

function lowered(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

export const badPackageFile = (file: string, what: string, place?: Place, cause?: Error) =>
  plugin(
    'BAD_PACKAGE_FILE',
    `${file} ${what}`,
    place,
    'Install the package anew, or correct the file.',
    cause,
  );

export const badPluginName = (name: string, place: Place) =>
  plugin(
    'UNKNOWN_PLUGIN',
    `${JSON.stringify(name)} cannot be the name of a plugin.`,
    place,
    'Write the name of a package, or a path that begins with "./".',
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
