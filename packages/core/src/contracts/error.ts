/** Where in a user's file an error lies; lines and columns start at 1. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
  /** The line itself, shown beneath the message with a caret under `length` characters from `column`. */
  readonly excerpt?: string;
  readonly length?: number;
}

/** Groups errors by who can mend them; the command's exit code follows from it. */
export type ErrorClass =
  'configuration' | 'data' | 'plugin' | 'environment' | 'run' | 'interrupted';

/**
 * An error that a user can act on: what was expected, what was received, where, what to do. Anything else that
 * is thrown counts as a defect and is shown with its stack.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly code: string;
  readonly errorClass: ErrorClass;
  readonly hint: string | undefined;
  readonly place: Place | undefined;
  /** The option of the stage that the error is about: the terminal then shows that option's value. */
  readonly option: string | undefined;

  /**
   * @param code stable, in capitals: DATASET_FILE_SIZE
   * @param message what was expected and what was received
   */
  constructor(
    errorClass: ErrorClass,
    code: string,
    message: string,
    details: { hint?: string; place?: Place; cause?: unknown; option?: string } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.errorClass = errorClass;
    this.hint = details.hint;
    this.place = details.place;
    this.option = details.option;
  }
}
