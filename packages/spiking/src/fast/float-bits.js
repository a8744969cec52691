/** The 32-bit float with these bits. @param {number} bits */
export function floatOf(bits) {
  return /** @type {number} */ (new Float32Array(Uint32Array.of(bits).buffer)[0]);
}
