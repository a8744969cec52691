import type { AnyService } from '../../contracts/plugin.js';
import type { Profiler } from '../../contracts/profile.js';
import type { RunContainer } from '../container.js';

/** The services of a process, made anew when they may use another number of threads, or get another profiler. */
export interface Containers {
  get(threads: number, profiler: Profiler | undefined): Promise<RunContainer>;
  close(): Promise<void>;
}

export function createContainers(services: ReadonlyMap<string, AnyService>): Containers {
  let current:
    | {
        readonly threads: number;
        readonly profiler: Profiler | undefined;
        readonly container: RunContainer;
      }
    | undefined;
  const close = async () => {
    const { container } = current ?? {};
    current = undefined;
    await container?.close();
  };
  return {
    async get(threads, profiler) {
      if (current?.threads !== threads || current.profiler !== profiler) {
        await close();
        // Inversify takes a while to load, and a run that finds everything in the cache needs no container.
        const { createContainer } = await import('../container.js');
        const resources = { threads, ...(profiler && { profiler }) };
        current = { threads, profiler, container: createContainer(services, resources) };
      }
      return current!.container;
    },
    close,
  };
}
