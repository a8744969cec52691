import type { z } from 'zod';

import { throwErrors } from '../errors/error-list.js';
import { issueErrors } from './issues.js';
import { toPlain } from './node.js';
import { parseYaml } from './parse.js';

/**
 * Reads a YAML or JSON text that a schema describes: for files of a stage's own, such as the description of a network.
 *
 * @throws UserError or UserErrorList, each mistake at its place in the text
 */
export function parseTypedYaml<S extends z.ZodType>(
  text: string,
  file: string,
  schema: S,
): z.output<S> {
  const node = parseYaml(text, file);
  const parsed = schema.safeParse(toPlain(node));
  if (!parsed.success) {
    throwErrors(
      issueErrors(parsed.error.issues, schema, node, (path) =>
        path.length === 0 ? 'the file' : `"${path.join('.')}"`,
      ),
    );
  }
  return parsed.data!;
}
