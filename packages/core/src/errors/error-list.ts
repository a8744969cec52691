import { UserError } from '../contracts/error.js';

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
