import type { AnyService } from '../../contracts/plugin.js';
import type { RunContainer } from '../container.js';

/** The services of a process, made anew when they may use another number of threads. */
export interface Containers {
  get(threads: number): Promise<RunContainer>;
  close(): Promise<void>;
}

export function createContainers(services: ReadonlyMap<string, AnyService>): Containers {
  let current: { readonly threads: number; readonly container: RunContainer } | undefined;
  const close = async () => {
    const { container } = current ?? {};
    current = undefined;
    await container?.close();
  };
  return {
    async get(threads) {
      if (current?.threads !== threads) {
        await close();
        // Inversify takes a while to load, and a run that finds everything in the cache needs no container.
        const { createContainer } = await import('../container.js');
        current = { threads, container: createContainer(services, threads) };
      }
      return current!.container;
    },
    close,
  };
}
