/**
 * [outputs, inputs] → [inputs in their new places, outputs]. Square by square, so that what is read and written stays
 * in the processor's cache.
 */
export function outputsLast(data: Float32Array, outputs: number, places: Int32Array): Float32Array {
  const inputs = places.length;
  const result = new Float32Array(data.length);
  const side = 32;
  for (let firstOutput = 0; firstOutput < outputs; firstOutput += side) {
    const lastOutput = Math.min(outputs, firstOutput + side);
    for (let firstInput = 0; firstInput < inputs; firstInput += side) {
      const lastInput = Math.min(inputs, firstInput + side);
      for (let i = firstInput; i < lastInput; i++) {
        const to = places[i]! * outputs;
        for (let o = firstOutput; o < lastOutput; o++) result[to + o] = data[o * inputs + i]!;
      }
    }
  }
  return result;
}
