import { UserError } from '../contracts/error.js';

/** So many mistakes are looked for: a file may hold tens of thousands, and each costs time to explain. */
export const maxMistakes = 100;

/** Several errors found at once, e.g. all mistakes of an experiment file. */
export class UserErrorList extends UserError {
  readonly errors: readonly UserError[];

  constructor(errors: readonly UserError[]) {
    const first = errors[0];
    super(
      first?.errorClass ?? 'configuration',
      first?.code ?? 'ERRORS',
      errors.length === 1 ? first!.message : `${errors.length} errors were found.`,
    );
    this.errors = errors;
  }
}

/** Where mistakes are put, so that all of them can be told at once. */
export interface MistakeList {
  push(...errors: UserError[]): unknown;
  /** How many were put here, those that are the same included. */
  readonly length: number;
}

/** Mistakes, each kept once. Throws those found so far when there are `maxMistakes` of them. */
export class Mistakes implements MistakeList {
  #length = 0;
  readonly #found = new Map<string, UserError>();

  constructor(errors: readonly UserError[] = []) {
    this.push(...errors);
  }

  push(...errors: UserError[]): void {
    for (const error of errors) {
      this.#length++;
      const key = identity(error);
      if (!this.#found.has(key)) this.#found.set(key, error);
      if (this.#found.size >= maxMistakes) throwErrors(this.found);
    }
  }

  get length(): number {
    return this.#length;
  }

  get found(): UserError[] {
    return [...this.#found.values()];
  }
}

/** Throws when there are errors: one as it is, several as a list, in the order of their places. */
export function throwErrors(errors: readonly UserError[]): void {
  const unique = [...new Map(errors.map((error) => [identity(error), error])).values()];
  if (unique.length === 0) return;
  if (unique.length === 1) throw unique[0]!;
  throw new UserErrorList(unique.sort(byPlace));
}

/** Each error on its own. Anything that is not meant for users is thrown again. */
export function errorsOf(thrown: unknown): readonly UserError[] {
  if (thrown instanceof UserErrorList) return thrown.errors;
  if (thrown instanceof UserError) return [thrown];
  throw thrown;
}

function identity(error: UserError): string {
  const { file, line, column } = error.place ?? { file: '' };
  return JSON.stringify([error.code, error.message, file, line, column]);
}

function byPlace(a: UserError, b: UserError): number {
  const [left, right] = [a.place, b.place];
  if (left?.file !== right?.file) return 0;
  return (left?.line ?? 0) - (right?.line ?? 0) || (left?.column ?? 0) - (right?.column ?? 0);
}
