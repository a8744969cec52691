import { imageName, imagePlace, sourcesOf, type Architecture, type Layer } from '@privatesnn/core';

/** A layer that tells its name and what it takes, so that others may come between. */
export type NamedLayer = Layer & { readonly name: string; readonly from: readonly string[] };

/** The layers of a network, each with a name and the names of what it takes. */
export function namedLayers(architecture: Architecture): NamedLayer[] {
  const sources = sourcesOf(architecture);
  const names = architecture.layers.map(({ name, kind }, index) => name ?? `${kind} ${index + 1}`);
  return architecture.layers.map((layer, index) => ({
    ...layer,
    name: names[index]!,
    from: sources[index]!.map((source) => (source === imagePlace ? imageName : names[source]!)),
  }));
}
