import type { LauncherDefinition } from './launcher.js';
import type { ReporterDefinition } from './reporter.js';
import type { StageDefinition } from './stage.js';
import type { Service } from './token.js';

/** The version of the contract between core and plugins; a plugin's package.json names the one it was made for. */
export const pluginApi = 1;

// A definition with its own options, ports and dependencies is wider than the base type in `create`'s parameters.
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyStage = StageDefinition<any, any, any, any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyReporter = ReporterDefinition<any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyLauncher = LauncherDefinition<any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export type AnyService = Service<any>;

/** The default export of a plugin package. */
export interface Plugin {
  /** The package's name. */
  readonly name: string;
  readonly stages?: readonly AnyStage[];
  readonly reporters?: readonly AnyReporter[];
  readonly launchers?: readonly AnyLauncher[];
  /** Services that the plugin's stages bring along; an id that exists already is an error. */
  readonly services?: readonly AnyService[];
}

export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
