import type { Launcher } from '../../contracts/launcher.js';
import type { NodeJob } from '../../contracts/work.js';
import type { Cache } from '../../cache/cache.js';
import type { Work } from '../work.js';

/** What a launcher of a run may use. */
export interface RunMaterials {
  readonly work: Work;
  readonly cache: Cache;
  /** The run's folder. */
  readonly folder: string;
  readonly plan: NodeJob['plan'];
  /** Shows the user a message at once, and keeps it in the run's events. */
  tell(message: string): void;
}

/** Makes the launcher of one run. */
export type OpenLauncher = (materials: RunMaterials) => Launcher | Promise<Launcher>;
