import { inspect } from 'node:util';

import { UserError, type ErrorClass, type Place } from '../contracts/error.js';
import { exitCodes } from './exit-codes.js';
import { openFilesError } from './open-files.js';

const longestMessage = 2000;
const longestStack = 20_000;
/** Causes of causes that are kept; an error may be its own cause. */
const mostCauses = 4;

/**
 * What was thrown, as an error that can be read without care. Code may throw anything: `null`, a text, an object whose
 * `message` throws, an error of five megabytes, one that is its own cause, a UserError of a class that there is not.
 * The result has plain texts of bounded length and a chain of causes that ends. Never throws.
 *
 * @returns a UserError where a well-formed one was thrown, else an Error
 */
export function safeError(thrown: unknown, causesLeft = mostCauses): Error {
  const message = textOf(thrown);
  const full = openFilesError(member(thrown, 'code'), new Error(message));
  if (full) return full;
  const inner = causesLeft > 0 ? member(thrown, 'cause') : undefined;
  const cause =
    inner === undefined || inner === thrown ? undefined : safeError(inner, causesLeft - 1);
  const error =
    userError(thrown, message, cause) ?? new Error(message, cause === undefined ? {} : { cause });
  const stack = member(thrown, 'stack');
  const text = typeof stack === 'string' ? cutMiddle(stack, longestStack) : message;
  Object.defineProperty(error, 'stack', { value: text, configurable: true, writable: true });
  return error;
}

/** A copy of a UserError whose class, code and message are what they should be. */
function userError(thrown: unknown, message: string, cause: Error | undefined) {
  // By name: a plugin may have its own copy of this package.
  if (member(thrown, 'name') !== 'UserError') return undefined;
  const [errorClass, code] = [member(thrown, 'errorClass'), member(thrown, 'code')];
  if (typeof errorClass !== 'string' || !Object.hasOwn(exitCodes, errorClass)) return undefined;
  if (typeof code !== 'string' || typeof member(thrown, 'message') !== 'string') return undefined;
  const text = (key: string) => textOr(member(thrown, key), undefined);
  const [hint, option, place] = [text('hint'), text('option'), placeOf(member(thrown, 'place'))];
  return new UserError(errorClass as ErrorClass, code.slice(0, 100), message, {
    ...(hint === undefined ? {} : { hint }),
    ...(option === undefined ? {} : { option }),
    ...(place === undefined ? {} : { place }),
    ...(cause === undefined ? {} : { cause }),
  });
}

function placeOf(value: unknown): Place | undefined {
  const file = textOr(member(value, 'file'), undefined);
  if (file === undefined) return undefined;
  const place: Record<string, unknown> = { file };
  for (const key of ['line', 'column', 'length']) {
    const number = member(value, key);
    if (Number.isInteger(number) && (number as number) > 0) place[key] = number;
  }
  const excerpt = member(value, 'excerpt');
  if (typeof excerpt === 'string') place['excerpt'] = cutMiddle(excerpt, longestMessage);
  return place as unknown as Place;
}

/** What a thrown value, or anything else, says, in one text of bounded length. */
export function textOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) {
    return cutMiddle(typeof thrown === 'function' ? 'a function' : String(thrown), longestMessage);
  }
  const message = member(thrown, 'message');
  if (typeof message === 'string' && message !== '') return cutMiddle(message, longestMessage);
  const name = textOr(member(thrown, 'name'), undefined);
  if (message === '') return `${name ?? 'An error'} without a message.`;
  return described(thrown);
}

function described(value: object): string {
  try {
    // Runs no getter and no method of the value, and looks through a Proxy.
    const text = inspect(value, { depth: 1, customInspect: false, breakLength: Infinity });
    return cutMiddle(text, longestMessage);
  } catch {
    return 'What was thrown cannot be shown.';
  }
}

/** What sort of value it is, as in "is a Map", "is null"; safe for any value. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const name = member(member(value, 'constructor'), 'name');
  const known = typeof name === 'string' && /^\w{1,60}$/.test(name) ? name : 'object';
  return known === 'Object' ? 'an object' : `${/^[AEIOaeio]/.test(known) ? 'an' : 'a'} ${known}`;
}

function member(value: unknown, key: string): unknown {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null)
    return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' && value !== '' ? cutMiddle(value, longestMessage) : otherwise;
}

/** A text of at most about `length` characters: of a longer one, its beginning and its end. */
export function cutMiddle(text: string, length: number): string {
  if (text.length <= length) return text;
  const half = Math.floor(length / 2);
  const left = text.length - 2 * half;
  return `${text.slice(0, half)} … ${left} characters left out … ${text.slice(-half)}`;
}
