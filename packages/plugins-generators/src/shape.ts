import type { z } from 'zod';

type Shape = Readonly<Record<string, z.ZodDefault<z.ZodType>>>;

/** Copies of options with other defaults; what an option accepts and its description stay. */
export function withDefaults<S extends Shape>(
  shape: S,
  defaults: { readonly [K in keyof S]?: z.output<S[K]> },
): S {
  return mapShape(shape, (field, name) =>
    name in defaults ? described(field.unwrap().default(defaults[name]), field) : field,
  );
}

/** Copies of options whose descriptions name the value that each preset gives them. */
export function withPresetNotes<S extends Shape>(
  shape: S,
  presets: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
): S {
  return mapShape(shape, (field, name) => {
    const values = Object.entries(presets).map(
      ([preset, set]) => [preset, name in set ? set[name] : field.parse(undefined)] as const,
    );
    const distinct = [...new Set(values.map(([, value]) => value))];
    const note =
      distinct.length === 1
        ? ''
        : ' ' +
          distinct
            .map((value) => {
              const names = values.filter(([, other]) => other === value).map(([preset]) => preset);
              return `${names.join(', ')}: ${String(value)}`;
            })
            .join('; ') +
          '.';
    return field.describe(`${field.description}${note}`);
  });
}

function described<F extends z.ZodType>(field: F, like: z.ZodType): F {
  return field.describe(like.description!);
}

function mapShape<S extends Shape>(
  shape: S,
  change: (field: z.ZodDefault<z.ZodType>, name: string) => z.ZodDefault<z.ZodType>,
): S {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [name, change(field, name)]),
  ) as unknown as S;
}
