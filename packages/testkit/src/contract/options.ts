import { z } from 'zod';

/**
 * What is wrong with a stage's options schema, one sentence each: it must be a strict object, and so must the
 * objects within it; every field needs a description and a default (which may be that it is left out).
 */
export function problemsOfOptions(schema: z.ZodType): string[] {
  if (!(schema instanceof z.ZodObject)) return ['The options are no z.strictObject.'];
  const fields = Object.entries(schema.shape as Record<string, z.ZodType>);
  return [
    ...looseObjects(schema, 'The options object'),
    ...fields.flatMap(([name, field]) => problemsOfField(name, field)),
  ];
}

function problemsOfField(name: string, field: z.ZodType): string[] {
  const problems: string[] = [];
  if (!field.safeParse(undefined).success) {
    problems.push(`The option "${name}" has no default.`);
  }
  if (!descriptionOf(field)) problems.push(`The option "${name}" has no description.`);
  return problems;
}

function looseObjects(schema: z.ZodType, what: string): string[] {
  if (!(schema instanceof z.ZodObject)) return [];
  const own = schema.safeParse({ 'no-such-option': 1 }).error?.issues ?? [];
  const strict = own.some((issue) => issue.code === 'unrecognized_keys');
  return [
    ...(strict ? [] : [`${what} accepts unknown keys; use z.strictObject.`]),
    ...Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, field]) =>
      looseObjects(unwrapped(field), `${what}, key "${name}"`),
    ),
  ];
}

/** The description, wherever in the chain of wrappers it was given. */
function descriptionOf(schema: z.ZodType): string | undefined {
  const inner = innerOf(schema);
  return schema.description ?? (inner && descriptionOf(inner));
}

function unwrapped(schema: z.ZodType): z.ZodType {
  const inner = innerOf(schema);
  return inner ? unwrapped(inner) : schema;
}

function innerOf(schema: z.ZodType): z.ZodType | undefined {
  return (schema.def as { innerType?: z.ZodType }).innerType;
}
