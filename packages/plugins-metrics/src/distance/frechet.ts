import type { FeatureMatrix } from '../features/matrix.js';
import { covarianceOf, meanOf } from './covariance.js';

/**
 * Fréchet distance of two sets of features taken as Gaussians (FID):
 * ‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2·(Σ₁Σ₂)^½).
 *
 * With Σ = AAᵀ from an eigen decomposition, tr (Σ₁Σ₂)^½ is the sum of the singular values of A₁ᵀA₂: no root
 * of a rounding error near zero is taken, so a set has distance 0 to itself even where Σ is singular.
 *
 * @param a at least 2 rows
 * @param b at least 2 rows, as many columns as `a`
 * @returns ≥ 0
 * @see Heusel 2017, GANs trained by a two time-scale update rule
 */
export async function frechetDistance(a: FeatureMatrix, b: FeatureMatrix): Promise<number> {
  const { EVD, Matrix, SVD } = await import('ml-matrix');
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  const meanDistance = meanA.reduce((sum, value, i) => sum + (value - meanB[i]!) ** 2, 0);
  const [covarianceA, covarianceB] = [a, b].map((features) => new Matrix(covarianceOf(features)));

  const factor = (covariance: InstanceType<typeof Matrix>) => {
    const { realEigenvalues, eigenvectorMatrix } = new EVD(covariance, { assumeSymmetric: true });
    return eigenvectorMatrix.mulRowVector(
      realEigenvalues.map((value) => Math.sqrt(Math.max(0, value))),
    );
  };
  const product = factor(covarianceA!).transpose().mmul(factor(covarianceB!));
  const { diagonal } = new SVD(product, {
    computeLeftSingularVectors: false,
    computeRightSingularVectors: false,
  });
  const root = diagonal.reduce((sum, value) => sum + value, 0);
  return Math.max(0, meanDistance + covarianceA!.trace() + covarianceB!.trace() - 2 * root);
}
