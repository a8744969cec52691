/** An element that is there. @param {{ readonly [index: number]: number }} array @param {number} index */
export function element(array, index) {
  return /** @type {number} */ (array[index]);
}
