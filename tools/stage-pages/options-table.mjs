import { z } from 'zod';

/**
 * The options of a schema as rows of a table; the fields of an object option follow it as `name.field`.
 *
 * @returns {{ name: string, type: string, default: string, description: string }[]}
 */
export function optionRows(schema) {
  // Input: a field with a default may be left out, and its default is told.
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return fieldRows(json, '');
}

/** A table in Markdown, or a sentence where there is nothing to set. */
export function optionsTable(schema) {
  const rows = optionRows(schema);
  if (rows.length === 0) return 'It has no options.';
  return table(
    ['option', 'type', 'default', 'meaning'],
    rows.map((row) => [`\`${row.name}\``, row.type, row.default, row.description]),
  );
}

/** A table in Markdown; cells may hold anything but line breaks. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** A value as YAML would have it on one line, as code. */
export function code(value) {
  return value === undefined
    ? ''
    : `\`${typeof value === 'string' && value !== '' ? value : JSON.stringify(value)}\``;
}

function fieldRows(json, prefix) {
  return Object.entries(json.properties ?? {}).flatMap(([key, field]) => {
    const name = `${prefix}${key}`;
    const row = {
      name,
      type: typeOf(field),
      default: code(field.default),
      description: (field.description ?? '').replaceAll('\n', ' '),
    };
    return [row, ...fieldRows(field, `${name}.`)];
  });
}

function typeOf(field) {
  if (field.const !== undefined) return code(field.const);
  if (field.enum) return field.enum.map(code).join(', ');
  const choices = field.anyOf ?? field.oneOf;
  if (choices) return [...new Set(choices.map(typeOf))].join(' or ');
  if (Array.isArray(field.type)) return field.type.join(' or ');
  switch (field.type) {
    case 'integer':
    case 'number':
      return field.type + rangeOf(field);
    case 'array':
      return field.prefixItems
        ? `[${field.prefixItems.map(typeOf).join(', ')}]`
        : `list of ${typeOf(field.items ?? {})}`;
    case 'object':
      return field.properties ? 'object' : `map to ${typeOf(field.additionalProperties ?? {})}`;
    default:
      return field.type ?? 'any';
  }
}

function rangeOf(field) {
  const bounds = [
    ['≥', field.minimum, -Number.MAX_SAFE_INTEGER],
    ['>', field.exclusiveMinimum, undefined],
    ['≤', field.maximum, Number.MAX_SAFE_INTEGER],
    ['<', field.exclusiveMaximum, undefined],
  ].filter(([, bound, none]) => bound !== undefined && bound !== none);
  return bounds.map(([sign, bound]) => ` ${sign} ${bound}`).join(',');
}
