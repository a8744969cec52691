import type { ConfigMap, ConfigNode } from './node.js';

/** `overlay` laid over `base`: maps merge deeply, everything else, lists too, is replaced. */
export function mergeNodes(base: ConfigNode, overlay: ConfigNode): ConfigNode {
  if (base.kind !== 'map' || overlay.kind !== 'map') return overlay;
  const entries = new Map(base.entries);
  for (const [key, entry] of overlay.entries) {
    const old = entries.get(key);
    entries.set(key, old ? { key: entry.key, value: mergeNodes(old.value, entry.value) } : entry);
  }
  return { kind: 'map', entries, place: overlay.place };
}

/**
 * An experiment file laid over another. As `mergeNodes`, but for two rules above the options of stages: a key without a
 * value (`zip: null`) takes away what the base has there, and the parts of the matrix are replaced as a whole.
 */
export function mergeExperiments(base: ConfigMap, overlay: ConfigMap): ConfigMap {
  return mergeMaps(base, overlay, (old, value, key) => {
    if (key === 'matrix') return orNothing(old, value, (_, part) => part);
    if (key === 'stages') return orNothing(old, value, mergeNodes);
    return mergeNodes(old, value);
  });
}

type Merge = (base: ConfigNode, overlay: ConfigNode, key: string) => ConfigNode;

function orNothing(base: ConfigNode, overlay: ConfigNode, merge: Merge): ConfigNode {
  return base.kind === 'map' && overlay.kind === 'map' ? mergeMaps(base, overlay, merge) : overlay;
}

/** The keys of both; one that the base has and to which the overlay gives no value is left out. */
function mergeMaps(base: ConfigMap, overlay: ConfigMap, merge: Merge): ConfigMap {
  const entries = new Map(base.entries);
  for (const [key, { key: place, value }] of overlay.entries) {
    const old = entries.get(key);
    if (!old) entries.set(key, { key: place, value });
    else if (value.kind === 'scalar' && value.value === null) entries.delete(key);
    else entries.set(key, { key: place, value: merge(old.value, value, key) });
  }
  return { kind: 'map', entries, place: overlay.place };
}
