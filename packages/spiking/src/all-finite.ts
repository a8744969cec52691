/** Whether no number is NaN or infinite. */
export function allFinite(values: Float32Array): boolean {
  // A sum in 64 bits of 32-bit numbers cannot overflow: it is finite where all of them are. Four sums, since an addition
  // waits for the one before it.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let i = 0; i < whole; i += 4) {
    a += values[i]!;
    b += values[i + 1]!;
    c += values[i + 2]!;
    d += values[i + 3]!;
  }
  for (let i = whole; i < values.length; i++) a += values[i]!;
  return Number.isFinite(a + b + c + d);
}
