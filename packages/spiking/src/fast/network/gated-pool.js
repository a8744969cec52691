/**
 * Max-pooling with gates.
 */

/**
 * Of each window passes the spikes alone of the unit that has spiked most so far; until another has spiked more, the gate
 * stays where it is (see gates in reference/pooling.ts). Sizes are those of the kernel `maxPool`.
 *
 * @param {import('../heap.js').Heap} heap
 * @param {object} what
 * @param {number} what.bits Of the units, [height][steps][width][words].
 * @param {number} what.mask Bits that stay, [height][width][words]; 0 for all.
 * @param {number} what.result Bits of the pooled pixels; 0 for none.
 * @param {number} what.winners Bits of the units that gates are open for, but for those of the mask,
 *   [height][steps][width][words]; 0 for none.
 * @param {number} what.steps Of all images.
 * @param {number} what.timeSteps Of one image; at its first all gates are as at the start.
 * @param {number} what.height
 * @param {number} what.width
 * @param {number} what.words
 * @param {number} what.outHeight
 * @param {number} what.outWidth
 * @param {number} what.kernelHeight
 * @param {number} what.kernelWidth
 * @param {number} what.strideY
 * @param {number} what.strideX
 * @param {number} what.top
 * @param {number} what.left
 */
export function gatedPool(heap, { bits, mask, result, winners, ...sizes }) {
  const { steps, timeSteps, height, width, words, outHeight: rows, outWidth: columns } = sizes;
  const from = heap.u32(bits, height * steps * width * words);
  const stays = mask === 0 ? undefined : heap.u32(mask, height * width * words);
  const to = result === 0 ? undefined : heap.u32(result, rows * steps * columns * words);
  const won = winners === 0 ? undefined : heap.u32(winners, height * steps * width * words);
  won?.fill(0);
  const most = sizes.kernelHeight * sizes.kernelWidth;
  const window = new Uint32Array(most);
  /** Spikes so far of the 32 units of a word, by pixel of the window. */
  const spikes = new Uint32Array(most * 32);
  /** Where the gate is, by unit of a word, and the same as bits by pixel of the window. */
  const open = new Uint8Array(32);
  const openBits = new Uint32Array(most);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const pixels = pixelsOf(sizes, row, column);
      const area = pixels.length;
      for (let word = 0; word < words; word++) {
        for (let t = 0; t < steps; t++) {
          if (t % timeSteps === 0) {
            spikes.fill(0);
            open.fill(0);
            openBits.fill(0);
            openBits[0] = 0xffffffff;
          }
          let any = 0;
          for (let i = 0; i < area; i++) {
            const { y, x } = pixel(pixels, i);
            const kept = stays ? num(stays, (y * width + x) * words + word) : -1;
            window[i] = num(from, ((y * steps + t) * width + x) * words + word) & kept;
            any |= num(window, i);
          }
          let passed = 0;
          for (let rest = any; rest !== 0; rest &= rest - 1) {
            const bit = 31 - Math.clz32(rest & -rest);
            for (let i = 0; i < area; i++) {
              if ((num(window, i) >>> bit) & 1)
                spikes[i * 32 + bit] = num(spikes, i * 32 + bit) + 1;
            }
            let best = num(open, bit);
            for (let i = 0; i < area; i++) {
              if (num(spikes, i * 32 + bit) > num(spikes, best * 32 + bit)) best = i;
            }
            const before = num(open, bit);
            openBits[before] = num(openBits, before) & ~(1 << bit);
            openBits[best] = num(openBits, best) | (1 << bit);
            open[bit] = best;
            passed |= ((num(window, best) >>> bit) & 1) << bit;
          }
          if (to) to[((row * steps + t) * columns + column) * words + word] = passed;
          for (let i = 0; won && i < area; i++) {
            const { y, x } = pixel(pixels, i);
            const kept = stays ? num(stays, (y * width + x) * words + word) : -1;
            won[((y * steps + t) * width + x) * words + word] = num(openBits, i) & kept;
          }
        }
      }
    }
  }
}

/**
 * The pixels of a window that are in the picture, row by row.
 *
 * @param {import('../plan.js').PlannedWindow & { height: number, width: number }} sizes
 * @param {number} row
 * @param {number} column
 */
function pixelsOf(sizes, row, column) {
  const pixels = [];
  const [top, left] = [row * sizes.strideY - sizes.top, column * sizes.strideX - sizes.left];
  for (let y = Math.max(0, top); y < Math.min(sizes.height, top + sizes.kernelHeight); y++) {
    for (let x = Math.max(0, left); x < Math.min(sizes.width, left + sizes.kernelWidth); x++) {
      pixels.push({ y, x });
    }
  }
  return pixels;
}

/** @param {readonly { y: number, x: number }[]} pixels @param {number} i */
function pixel(pixels, i) {
  return /** @type {{ y: number, x: number }} */ (pixels[i]);
}

/** A number of an array that is known to have it. @param {Uint32Array | Uint8Array} array @param {number} at */
function num(array, at) {
  return /** @type {number} */ (array[at]);
}
