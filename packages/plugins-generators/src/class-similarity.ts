import type { Parameter } from '@privatesnn/core';

/** `cosine`: w_i·w_j / (‖w_i‖‖w_j‖) (Nayak 2019); `paper-literal`: w_i·w_j / (‖w_i‖²‖w_j‖²) (Eq. 2). */
export type SimilarityKind = 'cosine' | 'paper-literal';

/**
 * How alike the classes are to the network: each pair's last-layer weight vectors compared.
 *
 * @param weight the last layer's weight, [features, classes]
 * @returns [classes, classes], symmetric; 0 where a class has no weights
 */
export function classSimilarity(weight: Parameter, kind: SimilarityKind): Float64Array {
  const classes = weight.shape.at(-1)!;
  const features = weight.data.length / classes;
  const dot = new Float64Array(classes * classes);
  for (let f = 0; f < features; f++) {
    const row = weight.data.subarray(f * classes, (f + 1) * classes);
    for (let i = 0; i < classes; i++) {
      for (let j = 0; j <= i; j++) dot[i * classes + j]! += row[i]! * row[j]!;
    }
  }
  const similarity = new Float64Array(classes * classes);
  for (let i = 0; i < classes; i++) {
    for (let j = 0; j <= i; j++) {
      const squares = dot[i * classes + i]! * dot[j * classes + j]!;
      const scale = kind === 'cosine' ? Math.sqrt(squares) : squares;
      const value = scale > 0 ? dot[i * classes + j]! / scale : 0;
      similarity[i * classes + j] = value;
      similarity[j * classes + i] = value;
    }
  }
  return similarity;
}

/** Scales each row of a square matrix to [0, 1]; a constant row becomes all ones. */
export function minMaxRows(matrix: Float64Array): Float64Array {
  const size = Math.sqrt(matrix.length);
  const scaled = new Float64Array(matrix.length);
  for (let i = 0; i < size; i++) {
    const row = matrix.subarray(i * size, (i + 1) * size);
    const low = Math.min(...row);
    const span = Math.max(...row) - low;
    for (let j = 0; j < size; j++) scaled[i * size + j] = span > 0 ? (row[j]! - low) / span : 1;
  }
  return scaled;
}

/**
 * Dirichlet concentrations of every class: α = β·similarity + ε, the class itself included. The cosine is
 * scaled to [0, 1] per row first; of Eq. 2, taken as printed, negative similarities count as 0, as a
 * concentration must be positive.
 *
 * @returns [classes, classes], every entry > 0
 */
export function concentrations(
  weight: Parameter,
  options: { similarity: SimilarityKind; beta: number; epsilon: number },
): Float64Array {
  const raw = classSimilarity(weight, options.similarity);
  const similarity = options.similarity === 'cosine' ? minMaxRows(raw) : raw;
  return similarity.map((value) => options.beta * Math.max(0, value) + options.epsilon);
}
