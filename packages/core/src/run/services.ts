import type { AnyService } from '../contracts/plugin.js';
import type { Dependencies, Token } from '../contracts/token.js';

/** Names of the services that a stage depends on, and of those that they are built on; each after its own. */
export function neededServices(
  services: ReadonlyMap<string, AnyService>,
  dependencies: Dependencies,
): readonly string[] {
  const found = new Set<string>();
  const visiting = new Set<string>();
  const visit = ({ name }: Token<unknown>) => {
    if (visiting.has(name)) return;
    visiting.add(name);
    for (const token of Object.values<Token<unknown>>(services.get(name)?.dependencies ?? {}))
      visit(token);
    found.add(name);
  };
  for (const token of Object.values(dependencies)) visit(token);
  return [...found];
}
