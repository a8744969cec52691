type Atom = string | number | boolean | null | undefined | Uint8Array | Int32Array | Float32Array;

/** A schema's type as everybody but its maker sees it: no field and no list can be written to. */
export type Immutable<T> = T extends Atom ? T : { readonly [K in keyof T]: Immutable<T[K]> };
