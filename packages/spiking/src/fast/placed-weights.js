/**
 * Weights in the order of the parameter (contracts of core: [rows][columns][inputs of a group][outputs]) and at their
 * places in the window that the kernels compute: that of the dilated kernel, with zeros between its taps and between
 * channels of different groups.
 *
 * @typedef {object} Placement
 * @property {number} kernelHeight Of the window.
 * @property {number} kernelWidth
 * @property {number} top Where the kernel begins in the window.
 * @property {number} left
 * @property {number} rows Taps of the kernel.
 * @property {number} columns
 * @property {readonly [number, number]} dilation
 * @property {number} groups
 * @property {number} inputs Channels.
 * @property {number} outputs
 * @property {number} windowRows Rows of a tap: as many as inputs, where there are no others, and all blocks read all.
 * @property {((channel: number) => number) | undefined} [rowAt] The row of an input channel; that of its number where left out.
 * @property {number | undefined} [block] So many outputs read the channels of their groups alone, from their first one
 *   on; left out where all read all.
 */

/** The groups' channels of a convolution. @param {Pick<Placement, 'groups' | 'inputs' | 'outputs'>} layer */
export function groupSizes({ groups, inputs, outputs }) {
  return { groupInputs: inputs / groups, groupOutputs: outputs / groups };
}

/**
 * The most input channels that a block of outputs is joined to.
 *
 * @param {Pick<Placement, 'groups' | 'inputs' | 'outputs'>} layer
 * @param {number} block
 */
export function blockRows(layer, block) {
  const { outputs } = layer;
  const { groupInputs, groupOutputs } = groupSizes(layer);
  let most = 0;
  for (let first = 0; first < outputs; first += block) {
    const last = Math.min(first + block, outputs) - 1;
    const groups = Math.floor(last / groupOutputs) - Math.floor(first / groupOutputs) + 1;
    most = Math.max(most, groups * groupInputs);
  }
  return most;
}

/** Whether the parameter has the weights as the kernels want them. @param {Placement} placement */
export function isInPlace({ kernelHeight, kernelWidth, rows, columns, groups, ...placement }) {
  const isWindow = kernelHeight === rows && kernelWidth === columns;
  return isWindow && groups === 1 && placement.windowRows === placement.inputs;
}

/**
 * Calls `visit` with where each run of weights is in the parameter, where it goes, and how many they are.
 *
 * @param {Placement} placement
 * @param {(from: number, to: number, length: number) => void} visit
 */
export function forEachRun(placement, visit) {
  const { kernelWidth, top, left, rows, columns, dilation, groups, outputs } = placement;
  const { block = outputs, windowRows, rowAt } = placement;
  const { groupInputs, groupOutputs } = groupSizes(placement);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const tap = (top + row * dilation[0]) * kernelWidth + left + column * dilation[1];
      for (let group = 0; group < groups; group++) {
        const end = (group + 1) * groupOutputs;
        for (let output = group * groupOutputs, next; output < end; output = next) {
          const start = Math.floor(output / block) * block;
          next = Math.min(end, start + block);
          const before = Math.floor(start / groupOutputs) * groupInputs;
          for (let i = 0; i < groupInputs; i++) {
            const from = ((row * columns + column) * groupInputs + i) * outputs + output;
            const channel = group * groupInputs + i;
            const to = tap * windowRows + (rowAt?.(channel) ?? channel) - before;
            visit(from, to * outputs + output, next - output);
          }
        }
      }
    }
  }
}

/**
 * Weights at their places; the same array where it has them so.
 *
 * @template {Float32Array | Int16Array} T
 * @param {T} weight
 * @param {Placement} placement
 * @returns {T}
 */
export function placed(weight, placement) {
  if (isInPlace(placement)) return weight;
  const { kernelHeight, kernelWidth, windowRows, outputs } = placement;
  const length = kernelHeight * kernelWidth * windowRows * outputs;
  const result = /** @type {T} */ (
    weight instanceof Int16Array ? new Int16Array(length) : new Float32Array(length)
  );
  forEachRun(placement, (from, to, count) => result.set(weight.subarray(from, from + count), to));
  return result;
}

/**
 * Numbers at the places of weights, back in the order of the parameter.
 *
 * @param {Float32Array} values
 * @param {Placement} placement
 */
export function takenBack(values, placement) {
  const { rows, columns, groups, inputs, outputs } = placement;
  const result = new Float32Array((rows * columns * inputs * outputs) / groups);
  forEachRun(placement, (from, to, count) => result.set(values.subarray(to, to + count), from));
  return result;
}

/**
 * The placement of a planned input's weights in its own window.
 *
 * @param {import('./plan.js').PlannedInput} input
 * @param {import('./plan.js').Shape} output
 * @returns {Placement}
 */
export function placementOf(input, { channels: outputs }) {
  const { kernelHeight, kernelWidth, dilation, groups } = input;
  return {
    ...{ kernelHeight, kernelWidth, top: 0, left: 0, dilation, groups },
    rows: (kernelHeight - 1) / dilation[0] + 1,
    columns: (kernelWidth - 1) / dilation[1] + 1,
    ...{ inputs: input.input.channels, outputs, windowRows: input.input.channels },
  };
}
