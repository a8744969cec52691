import type { Ancestor } from '../contracts/stage.js';
import { stageKey } from '../cache/key.js';
import { coreCodeDigest } from '../plugins/code-digest.js';
import { ancestorsOf } from './ancestors.js';
import { fingerprint } from './fingerprint.js';
import { neededServices } from './services.js';
import type { Work, WorkNode } from './work.js';

/** A node's cache key, and what of the machine went into it. */
export interface NodeKey {
  readonly key: string;
  /** The text that the key is the SHA-256 of. */
  readonly text: string;
  /** Identities of the services that the node needs, by token name. */
  readonly services: Readonly<Record<string, string>>;
}

/** Computes the cache keys of a plan's nodes, where their work is done: runtime and engine belong to them. */
export interface Keys {
  of(node: WorkNode, inputs: Readonly<Record<string, string>>): Promise<NodeKey>;
}

export function createKeys(work: Work): Keys {
  const identities = new Map<object, Promise<string>>();
  const remember = (by: object, identity: Promise<string>) => {
    identities.set(by, identity);
    return identity;
  };
  return {
    async of(node, inputs) {
      const { definition, plugin, qualified } = node.declared;
      const services: Record<string, string> = {};
      for (const name of neededServices(work.services, definition.dependencies)) {
        const service = work.services.get(name)!;
        const [by, as] = plugin.isolated
          ? [service.isolated!, `${name} (isolated)`]
          : [service, name];
        services[as] = await (identities.get(by) ?? remember(by, by.identity()));
      }
      const { key, text } = stageKey({
        kind: definition.kind,
        use: qualified,
        version: definition.version,
        options: node.options,
        inputs,
        rootSeed: node.seed,
        stage: node.stage,
        code: plugin.codeDigest,
        core: coreCodeDigest(),
        services,
        fingerprint: await fingerprint(node, work.folder),
        // What was computed with all rights must not pass for what was computed without.
        ...(plugin.isolated ? { isolated: true } : {}),
        ...(definition.readsAncestors ? { ancestors: lineage(node) } : {}),
      });
      return { key, text, services };
    },
  };
}

function lineage({ inputs }: WorkNode): Record<string, readonly Ancestor[]> {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, { node }]) => [port, ancestorsOf(node)]),
  );
}
