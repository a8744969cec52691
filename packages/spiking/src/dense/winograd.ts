import type { ConvShape } from './shapes.js';

/** Outputs computed at a time by minimal filtering (winograd.h), by the side of their square; 0: product by product. */
export type Outputs = 0 | 2 | 4;

/** What tells how a convolution is computed. */
export type WindowShape = Pick<
  ConvShape,
  | 'kernelHeight'
  | 'kernelWidth'
  | 'strideHeight'
  | 'strideWidth'
  | 'channels'
  | 'filters'
  | 'outHeight'
  | 'outWidth'
>;

/** Fewest channels and filters for which the transforms pay, as measured with all instruction sets. */
const leastChannels = { 2: 32, 4: 16 };
/** Tiles of a unit: enough to pay for reading the weights, few enough for the cache. */
const tilesPerUnit = 60;
/** Columns of a unit: enough to pay for transforming its inputs. */
const columnsPerUnit = 128;

/**
 * How a convolution is computed: with the fewest products, those of the outputs beyond the edge counted too. It depends
 * on one image alone, so that an image gets the same bits in any batch.
 */
export function winogradOutputs(s: WindowShape): Outputs {
  const isSquare3 = s.kernelHeight === 3 && s.kernelWidth === 3;
  if (!isSquare3 || s.strideHeight !== 1 || s.strideWidth !== 1) return 0;
  let best: Outputs = 0;
  let fewest = 9 * s.outHeight * s.outWidth;
  for (const outputs of [2, 4] as const) {
    const products = (outputs + 2) ** 2 * tilesOf(outputs, s.outHeight, s.outWidth);
    if (Math.min(s.channels, s.filters) < leastChannels[outputs] || products >= fewest) continue;
    [best, fewest] = [outputs, products];
  }
  return best;
}

/**
 * How the work is cut into units of `tiles` tiles by `blocks` blocks of columns.
 *
 * @param tile rows and columns of a tile of the matrix product
 * @returns also the floats that each thread needs
 */
export function winogradUnits(
  outputs: Outputs,
  s: Pick<ConvShape, 'images' | 'outHeight' | 'outWidth' | 'channels' | 'filters'>,
  tile: { readonly rows: number; readonly columns: number },
): { tiles: number; blocks: number; units: number; floatsPerThread: number } {
  const allTiles = s.images * tilesOf(outputs, s.outHeight, s.outWidth);
  const groups = Math.ceil(allTiles / tilesPerUnit);
  const tiles = roundUp(Math.ceil(allTiles / groups), tile.rows);
  const allBlocks = Math.ceil(s.filters / tile.columns);
  const blocks = Math.min(allBlocks, Math.ceil(columnsPerUnit / tile.columns));
  // The kernel keeps inputs and products at each point, in planes that are 16 floats apart.
  const perPoint = tiles * (roundUp(s.channels, 16) + blocks * tile.columns) + 32;
  return {
    tiles,
    blocks,
    units: Math.ceil(allTiles / tiles) * Math.ceil(allBlocks / blocks),
    floatsPerThread: (outputs + 2) ** 2 * perPoint,
  };
}

function tilesOf(outputs: Outputs, height: number, width: number): number {
  return Math.ceil(height / outputs) * Math.ceil(width / outputs);
}

function roundUp(n: number, to: number): number {
  return Math.ceil(n / to) * to;
}
