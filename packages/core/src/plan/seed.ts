import { issueErrors } from '../config/issues.js';
import { toPlain, type ConfigNode } from '../config/node.js';
import { seedSchema } from '../config/schema.js';
import type { MistakeList } from '../errors/error-list.js';

/** A job's root seed; 0 where the file gives none, and where `errors` got a mistake. */
export function seedOf(node: ConfigNode | undefined, errors: MistakeList): number {
  if (!node) return 0;
  const parsed = seedSchema.safeParse(toPlain(node));
  if (parsed.success) return parsed.data;
  errors.push(...issueErrors(parsed.error.issues, seedSchema, node, () => '"seed"'));
  return 0;
}
