/** What a promise gives within so many milliseconds; undefined where it takes longer, or fails. */
export async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, milliseconds, undefined);
  });
  return Promise.race([promise, late])
    .catch(() => undefined)
    .finally(() => clearTimeout(timer));
}
