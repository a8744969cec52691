/** A record's own member; never what every object inherits, as `toString` is. */
export function ownOr<T>(
  record: Readonly<Record<string, T>>,
  key: string | undefined,
  otherwise: T,
): T {
  return key !== undefined && Object.hasOwn(record, key) ? record[key]! : otherwise;
}
