import { resolve } from 'node:path';

import type { InputPorts, OutputPorts, StageInstance } from '../contracts/stage.js';
import type { Dependencies } from '../contracts/token.js';
import type { StoredOutput } from '../contracts/work.js';
import { usesServiceTooEarly } from '../errors/templates/run.js';
import type { WorkNode } from './work.js';

type Instance = StageInstance<InputPorts, OutputPorts>;

/** Digest of what a stage reads besides its inputs; "" where it reads nothing. */
export async function fingerprint(node: WorkNode, folder: string): Promise<string> {
  return (await unserved(node).fingerprint?.(pathsFrom(folder))) ?? '';
}

/**
 * Whether what a stage does besides giving outputs is there; true where it does nothing else.
 *
 * @param load loads an output that it gave
 */
export async function effectPresent(
  node: WorkNode,
  folder: string,
  outputs: Readonly<Record<string, StoredOutput>>,
  load: (digest: string) => Promise<unknown>,
): Promise<boolean> {
  const instance = unserved(node);
  if (!instance.effectPresent) return true;
  const loaded: Record<string, unknown> = {};
  for (const [name, { digest }] of Object.entries(outputs)) loaded[name] = await load(digest);
  return instance.effectPresent(pathsFrom(folder), loaded as never);
}

const pathsFrom = (folder: string) => ({ resolvePath: (path: string) => resolve(folder, path) });

/** An instance to ask, not to run: services are not created for that, so it gets stand-ins. */
function unserved({ declared, options }: WorkNode): Instance {
  const { definition } = declared;
  // What it gives is looked at when it is to run.
  const made: unknown = definition.create(standIns(definition.dependencies), options);
  return (made as Instance | undefined) ?? ({} as Instance);
}

/** What stands for the services that a stage depends on where none is created: using it is an error. */
export function standIns(dependencies: Dependencies): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(dependencies).map(([name, token]) => [name, standIn(token.name)]),
  );
}

function standIn(service: string): object {
  return new Proxy(
    {},
    {
      get() {
        throw usesServiceTooEarly(service);
      },
    },
  );
}
