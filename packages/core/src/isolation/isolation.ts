/** What a run with `--isolate` does with plugins that it does not trust: their code runs in processes without rights. */
export interface Isolation {
  /** Names of plugins, as the experiment file writes them, that are trusted like the program's own. */
  readonly trust: readonly string[];
  readonly program: IsolatedProgram;
}

/** What an isolated process runs. */
export interface IsolatedProgram {
  /** A file that calls `serveIsolated`; it may import by relative paths and from `packages` only. */
  readonly entry: string;
  /** The packages that it needs, looked for from its folder. */
  readonly packages: readonly string[];
  /** Folders that no isolated process may read, however its code lies: the cache, the user's own. */
  readonly closed: readonly string[];
}

/** The code of a plugin, for a process that imports it. */
export interface Target {
  /** As the experiment file writes it. */
  readonly name: string;
  /** The file to import. */
  readonly file: string;
  /** Where the contract of the plugin is at home: a file may export one stage instead of a plugin. */
  readonly local: boolean;
}

/** A plugin that is never imported in a process with rights. */
export interface IsolatedPlugin {
  readonly target: Target;
  /** Files and folders that its process may read: code, its own and that of the packages that it names. */
  readonly readable: readonly string[];
  readonly program: IsolatedProgram;
  /** Digest of the code, so that answers are remembered for the same code only. */
  readonly codeDigest: string;
}
