/** Numbers of a tensor, in any typed array. */
export type Floats = ArrayLike<number> & {
  subarray(start: number, end: number): ArrayLike<number>;
};

/** A convolution, channels last: input [images, height, width, channels], filter [kernelHeight, kernelWidth, channels, filters]. */
export interface ConvShape {
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly filters: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  /** Zeros above and left of the image; those below and right follow from the output's size. */
  readonly padTop: number;
  readonly padLeft: number;
  readonly outHeight: number;
  readonly outWidth: number;
}

/** A matrix product for each of `batch` pairs: [m, k] · [k, n], stored transposed where a flag says so. */
export interface MatMulShape {
  readonly batch: number;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  /** One left (right) matrix serves the whole batch. */
  readonly shareA?: boolean;
  readonly shareB?: boolean;
}
