import { UserError, type Place } from '../../contracts/error.js';

const trusting = (plugin: string) =>
  `If you trust its code with all your files, say so: --trust ${plugin}`;

export const noIsolation = (version: string) =>
  new UserError(
    'environment',
    'ISOLATION_UNAVAILABLE',
    `--isolate needs a Node with a permission model; this is Node ${version}.`,
    { hint: 'Install Node 20.19, 22.13 or a later one.' },
  );

export const tooWide = (plugin: string, path: string, closed: string) =>
  new UserError(
    'plugin',
    'ISOLATION_TOO_WIDE',
    `The plugin "${plugin}" cannot be isolated: it would have to read ${path}, in which ${closed} lies.`,
    { hint: `Put its code into a folder of its own. ${trusting(plugin)}` },
  );

export const unusablePath = (plugin: string, path: string) =>
  new UserError(
    'environment',
    'ISOLATION_PATH',
    `The plugin "${plugin}" cannot be isolated: Node cannot allow the reading of ${path}, whose name has a "*" or a ",".`,
    { hint: 'Rename the folder.' },
  );

export const isolatedReporter = (plugin: string, reporters: readonly string[], place: Place) =>
  new UserError(
    'plugin',
    'ISOLATED_REPORTER',
    `The plugin "${plugin}" brings ${reporters.length === 1 ? 'the reporter' : 'the reporters'} ${listed(reporters)}; reporters see all results and cannot be isolated.`,
    { place, hint: trusting(plugin) },
  );

export const isolatedService = (plugin: string, services: readonly string[], place: Place) =>
  new UserError(
    'plugin',
    'ISOLATED_SERVICE',
    `The plugin "${plugin}" brings ${services.length === 1 ? 'the service' : 'the services'} ${listed(services)}; services are shared with other stages and cannot be isolated.`,
    { place, hint: trusting(plugin) },
  );

export const serviceNotIsolated = (
  stage: string,
  plugin: string,
  service: string,
  place: Place | undefined,
) =>
  new UserError(
    'plugin',
    'SERVICE_NOT_ISOLATED',
    `Stage "${stage}" needs the service "${service}", which an isolated stage cannot have.`,
    { ...(place ? { place } : {}), hint: trusting(plugin) },
  );

export const readsFiles = (use: string, plugin: string, method: string) =>
  new UserError(
    'plugin',
    'ISOLATED_STAGE_READS',
    `The stage ${use} of ${plugin} looks at files of its own ("${method}"), which an isolated stage cannot.`,
    { hint: trusting(plugin) },
  );

export const isolationDenied = (plugin: string, what: string, resource: string, cause: unknown) =>
  new UserError(
    'plugin',
    'ISOLATION_DENIED',
    `it tried what isolated code may not do (${what}${resource === '' ? '' : `: ${resource}`}).`,
    { cause, hint: `It runs isolated (--isolate). ${trusting(plugin)}` },
  );

/** The error of a plugin that was held back while it was loaded; undefined for others. */
export function deniedWhileLoading(
  plugin: string,
  told: Error,
  place: Place,
): UserError | undefined {
  if (!(told instanceof UserError) || told.code !== 'ISOLATION_DENIED') return undefined;
  const { code, message, hint, cause } = told;
  return new UserError('plugin', code, `The plugin "${plugin}" could not be loaded: ${message}`, {
    place,
    cause,
    ...(hint === undefined ? {} : { hint }),
  });
}

export const noAnswer = (plugin: string, what: string, lastLine: string) =>
  new UserError(
    'plugin',
    'ISOLATED_NO_ANSWER',
    `The isolated process of the plugin "${plugin}" ${what}${lastLine === '' ? '.' : `: ${lastLine}`}`,
    { hint: 'Loading a plugin and checking options must be quick, and end nothing.' },
  );

export const badAnswer = (plugin: string, what: string) =>
  new UserError(
    'plugin',
    'ISOLATED_BAD_ANSWER',
    `The isolated process of the plugin "${plugin}" gave what is no answer: ${what}`,
    { hint: 'Its code does something else than declare stages.' },
  );

export const unknownTrust = (name: string, plugins: readonly string[], place: Place | undefined) =>
  new UserError(
    'configuration',
    'UNKNOWN_TRUST',
    `"${name}" is trusted, but the experiment has no plugin of that name.`,
    {
      ...(place ? { place } : {}),
      hint: plugins.length > 0 ? `Its plugins are ${listed(plugins)}.` : 'It names no plugins.',
    },
  );

function listed(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}
