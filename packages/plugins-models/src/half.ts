const scratch = new DataView(new ArrayBuffer(4));

/** The value of an IEEE 754 half-precision number (binary16), given by its bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The bits of the half-precision number nearest to a value; ties go to the even one, too large values to ∞. */
export function numberToHalf(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(Math.fround(value));
  if (Number.isNaN(magnitude)) return 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  // Below 2⁻¹⁴ numbers are multiples of 2⁻²⁴, above it of 2^(exponent − 10).
  const exponent = Math.max(-14, ((bits >>> 23) & 0xff) - 127);
  const units = roundToEven(magnitude * 2 ** (10 - exponent));
  // `units` holds the leading one; adding lets a rounding up to 2048 carry into the exponent.
  return sign | (((exponent + 14) << 10) + units);
}

/** The value of a bfloat16 number: the upper half of a 32-bit float. */
export function bfloat16ToNumber(bits: number): number {
  scratch.setUint32(0, bits << 16);
  return scratch.getFloat32(0);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
