import type { Token } from '../contracts/token.js';
import type { Ancestor } from '../contracts/stage.js';
import { stageKey } from '../cache/key.js';
import type { Plan, PlanNode } from '../plan/plan.js';
import { ancestorsOf } from './ancestors.js';
import { fingerprint } from './fingerprint.js';

/** Computes the cache keys of a plan's stages. */
export interface Keys {
  of(node: PlanNode, inputs: Readonly<Record<string, string>>): Promise<string>;
  /** Identities of the services that were asked for so far, by token name. */
  readonly identities: Readonly<Record<string, string>>;
}

export function createKeys(plan: Plan): Keys {
  const identities: Record<string, string> = {};
  return {
    identities,
    async of(node, inputs) {
      const { definition, plugin, qualified } = node.declared;
      const services: Record<string, string> = {};
      for (const { name } of Object.values(definition.dependencies) as Token<unknown>[]) {
        identities[name] ??= await plan.registry.services.get(name)!.identity();
        services[name] = identities[name];
      }
      return stageKey({
        kind: definition.kind,
        use: qualified,
        version: definition.version,
        options: node.options,
        inputs,
        rootSeed: plan.seed,
        stage: node.stage,
        code: plugin.codeDigest,
        services,
        fingerprint: await fingerprint(node, plan.experiment.loaded.folder),
        ...(definition.readsAncestors ? { ancestors: lineage(node) } : {}),
      });
    },
  };
}

function lineage({ inputs }: PlanNode): Record<string, readonly Ancestor[]> {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, { node }]) => [port, ancestorsOf(node)]),
  );
}
