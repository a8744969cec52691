import type { ConfigNode } from './node.js';

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
