/** An array of a node: row-major. */
export interface NirArray {
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

export type NirField = number | NirArray;

/** A node, by the names that the format gives its fields. */
export interface NirNode {
  readonly type: string;
  readonly [field: string]: string | NirField;
}

/** A graph of the Neuromorphic Intermediate Representation, version 1.0.8 (Pedersen 2024). */
export interface NirGraph {
  readonly nodes: Readonly<Record<string, NirNode>>;
  readonly edges: readonly (readonly [from: string, to: string])[];
  readonly metadata: Readonly<Record<string, string>>;
}

export function integerArray(values: readonly number[]): NirArray {
  return { shape: [values.length], data: Int32Array.from(values) };
}
