import type { Place } from '../contracts/error.js';
import type { AnyReporter, AnyService, AnyStage } from '../contracts/plugin.js';
import { ambiguousUse, duplicateService, unknownUse } from '../errors/templates/plugins.js';
import type { LoadedPlugin } from './load.js';
import { isLocal, localFile } from './local.js';

/** A stage or reporter with the plugin that declares it. */
export interface Declared<T> {
  readonly plugin: LoadedPlugin;
  readonly definition: T;
  /** The name that is unique over all plugins: `package/id`. */
  readonly qualified: string;
}

/** What the declared plugins bring, by name. */
export interface Registry {
  readonly plugins: readonly LoadedPlugin[];
  readonly services: ReadonlyMap<string, AnyService>;
  stage(use: string, place: Place): Declared<AnyStage>;
  reporter(use: string, place: Place): Declared<AnyReporter>;
}

/**
 * @param services those of the program itself, by provider
 * @throws UserError when two plugins provide the same service
 */
export function createRegistry(
  plugins: readonly LoadedPlugin[],
  services: readonly AnyService[],
  place: Place,
): Registry {
  const stages = plugins.flatMap((plugin) =>
    (plugin.plugin.stages ?? []).map((definition) => declare(plugin, definition)),
  );
  const reporters = plugins.flatMap((plugin) =>
    (plugin.plugin.reporters ?? []).map((definition) => declare(plugin, definition)),
  );
  return {
    plugins,
    services: collectServices(plugins, services, place),
    stage: (use, at) => find('stage', stages, reporters, use, at),
    reporter: (use, at) => find('reporter', reporters, stages, use, at),
  };
}

function declare<T extends { id: string }>(plugin: LoadedPlugin, definition: T): Declared<T> {
  return { plugin, definition, qualified: `${plugin.name}/${definition.id}` };
}

function find<T extends { id: string }>(
  what: 'stage' | 'reporter',
  declared: readonly Declared<T>[],
  others: readonly Declared<{ id: string }>[],
  use: string,
  place: Place,
): Declared<T> {
  if (isLocal(use)) {
    const file = declared.filter(({ plugin }) => plugin.name === localFile(use));
    const own = file.filter(({ plugin, qualified }) => [plugin.name, qualified].includes(use));
    if (own.length === 1) return own[0]!;
    throw own.length > 1
      ? ambiguousUse(
          use,
          own.map(({ qualified }) => qualified),
          place,
        )
      : unknownUse(
          what,
          use,
          file.map(({ qualified }) => qualified),
          place,
        );
  }
  const found = use.includes('/')
    ? declared.filter(({ qualified }) => qualified === use)
    : declared.filter(({ definition }) => definition.id === use);
  if (found.length === 1) return found[0]!;
  if (found.length > 1)
    throw ambiguousUse(
      use,
      found.map(({ qualified }) => qualified),
      place,
    );
  const known = declared.map((one) => (use.includes('/') ? one.qualified : one.definition.id));
  const other = others.find(
    ({ definition, qualified }) => use === definition.id || use === qualified,
  );
  throw unknownUse(what, use, known, place, other?.plugin.name);
}

function collectServices(
  plugins: readonly LoadedPlugin[],
  own: readonly AnyService[],
  place: Place,
): Map<string, AnyService> {
  const services = new Map<string, AnyService>();
  const providers = new Map<string, string>();
  const add = (service: AnyService, provider: string) => {
    const { name } = service.token;
    const other = providers.get(name);
    if (other !== undefined) throw duplicateService(name, [other, provider], place);
    services.set(name, service);
    providers.set(name, provider);
  };
  for (const service of own) add(service, 'the program');
  for (const { name, plugin } of plugins) {
    for (const service of plugin.services ?? []) add(service, name);
  }
  return services;
}
