import type { AnyService } from '@privatesnn/core';

/** The services that the program brings: the spiking engine and the tensor runtime. Nothing is started here. */
export async function bundledServices(): Promise<readonly AnyService[]> {
  const [{ engineService }, { tensorRuntimeService }] = await Promise.all([
    import('@privatesnn/spiking'),
    import('@privatesnn/runtime-tfjs'),
  ]);
  return [engineService, tensorRuntimeService];
}
