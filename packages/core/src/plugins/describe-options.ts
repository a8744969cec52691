import { z } from 'zod';

/** One option of a stage or reporter, for people. */
export interface OptionDescription {
  readonly name: string;
  /** `integer ≥ 1`, `"soft" | "hard"`, `list of number`. */
  readonly type: string;
  /** Undefined where the option has none. */
  readonly default: unknown;
  /** Whether an experiment file must give it. */
  readonly required: boolean;
  readonly description: string;
}

/** The options that a strict zod object declares, in its order. */
export function describeOptions(schema: z.ZodType): OptionDescription[] {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;
  return Object.entries(json.properties ?? {}).map(([name, option]) => ({
    name,
    type: typeText(option),
    default: option.default,
    required: json.required?.includes(name) ?? false,
    description: option.description ?? '',
  }));
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly items?: JsonSchema | false;
  /** The members of a tuple. */
  readonly prefixItems?: readonly JsonSchema[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly default?: unknown;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

function typeText(schema: JsonSchema): string {
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.anyOf) return schema.anyOf.map(typeText).join(' | ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeText).join(', ')}]`;
  if (schema.type === 'array') return `list of ${schema.items ? itemText(schema.items) : 'values'}`;
  const limits = [
    ['≥', schema.minimum],
    ['>', schema.exclusiveMinimum],
    ['≤', schema.maximum],
    ['<', schema.exclusiveMaximum],
  ] as const;
  const bounds = limits
    .filter(([, limit]) => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER)
    .map(([sign, limit]) => `${sign} ${limit}`);
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.join(' | ');
  return [type ?? 'value', bounds.join(', ')].join(' ').trim();
}

function itemText(schema: JsonSchema): string {
  const text = typeText(schema);
  return text.includes(' | ') ? `(${text})` : text;
}
