/** φ(z), the density of the standard normal distribution. */
export const normalDensity = (z: number): number => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

/** From here the continued fraction is exact with so many terms. */
const far = 3;
const terms = 60;

/** 1 − Φ(z), the part of the standard normal distribution above z, to 12 digits in the upper tail too. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  const density = normalDensity(z);
  if (density === 0) return 0;
  if (z >= far) {
    // Laplace's continued fraction: φ(z) / (z + 1/(z + 2/(z + …))).
    let fraction = z;
    for (let k = terms; k >= 1; k--) fraction = z + k / fraction;
    return density / fraction;
  }
  // Φ(z) − 1/2 = φ(z) · (z + z³/3 + z⁵/(3·5) + …).
  let [sum, term] = [0, z];
  for (let k = 1; term > sum * Number.EPSILON; k++) {
    sum += term;
    term *= (z * z) / (2 * k + 1);
  }
  return 0.5 - density * sum;
}
