/** For how long something has been so, in looks of some steady clock. */
export interface Lasting {
  /** @returns milliseconds since it was first seen so, without a break; undefined where it is not so */
  look(is: boolean, now: number): number | undefined;
}

export function lasting(): Lasting {
  let since: number | undefined;
  return {
    look(is, now) {
      since = is ? (since ?? now) : undefined;
      return since === undefined ? undefined : now - since;
    },
  };
}
