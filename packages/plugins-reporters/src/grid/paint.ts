import { wrap } from '../text.js';
import { Canvas, type Rgb } from './canvas.js';
import { glyphHeight, glyphWidth, textWidth } from './font.js';
import type { Grid } from './grid.js';
import type { Picture } from './picture.js';

const paper: Rgb = [255, 255, 255];
const ink: Rgb = [24, 28, 34];
const quiet: Rgb = [88, 96, 108];
const rule: Rgb = [196, 202, 210];
const frame: Rgb = [226, 230, 236];

const textScale = 2;
const lineHeight = (glyphHeight + 3) * textScale;
const margin = 20;
const columnGap = 8;
const groupGap = 24;
const pictureGap = 4;
const headGap = 10;

/**
 * Paints the grid: titles of groups, of columns, then a row for each class. A place without a picture keeps an
 * empty frame.
 *
 * @param wantedSize of one picture, in pixels; each is enlarged by the nearest whole number
 */
export function paintGrid(grid: Grid, wantedSize: number): Canvas {
  const pictures = grid.groups.flatMap(({ columns }) =>
    columns.flatMap((column) => [...column.pictures.values()].flat()),
  );
  const scaleOf = ({ width, height }: Picture) =>
    Math.max(1, Math.round(wantedSize / Math.max(width, height)));
  const size = Math.max(8, ...pictures.map((p) => Math.max(p.width, p.height) * scaleOf(p)));
  const columnWidth = grid.perClass * (size + pictureGap) - pictureGap;
  const charactersIn = (width: number) =>
    Math.max(1, Math.floor((width / textScale + 1) / (glyphWidth + 1)));

  const labels = grid.classes.map((name) => wrap(name, 14));
  const labelWidth = Math.max(0, ...labels.flat().map((line) => textWidth(line, textScale)));
  const groups = grid.groups.map((group) => {
    const count = group.columns.length;
    const width = count * (columnWidth + columnGap) - columnGap;
    return {
      ...group,
      width,
      heading: wrap(group.title, charactersIn(width)),
      titles: group.columns.map(({ title }) => wrap(title, charactersIn(columnWidth))),
    };
  });
  const headingLines = Math.max(0, ...groups.map(({ heading }) => heading.length));
  const titleLines = Math.max(0, ...groups.flatMap(({ titles }) => titles.map((t) => t.length)));

  const left = margin + labelWidth + groupGap;
  const ruleTop = margin + headingLines * lineHeight;
  const top = ruleTop + headGap + titleLines * lineHeight + (titleLines > 0 ? headGap : 0);
  const across = groups.reduce((sum, { width }) => sum + width + groupGap, -groupGap);
  const rowHeight = size + columnGap;
  const canvas = new Canvas(
    left + Math.max(0, across) + margin,
    top + grid.classes.length * rowHeight - columnGap + margin,
    paper,
  );

  const centred = (lines: readonly string[], x: number, y: number, width: number, colour: Rgb) => {
    lines.forEach((line, index) => {
      const start = x + Math.floor((width - textWidth(line, textScale)) / 2);
      canvas.write(line, start, y + index * lineHeight, textScale, colour);
    });
  };

  labels.forEach((lines, row) => {
    const y = top + row * rowHeight + Math.floor((size - lines.length * lineHeight) / 2);
    lines.forEach((line, index) => {
      const x = margin + labelWidth - textWidth(line, textScale);
      canvas.write(line, x, y + index * lineHeight, textScale, ink);
    });
  });

  let x = left;
  for (const { heading, titles, columns, width } of groups) {
    centred(heading, x, ruleTop - heading.length * lineHeight, width, ink);
    canvas.fill(x, ruleTop, width, 1, rule);
    columns.forEach((column, index) => {
      const columnLeft = x + index * (columnWidth + columnGap);
      centred(titles[index]!, columnLeft, ruleTop + headGap, columnWidth, quiet);
      grid.classes.forEach((name, row) => {
        for (let place = 0; place < grid.perClass; place++) {
          const cellLeft = columnLeft + place * (size + pictureGap);
          const cellTop = top + row * rowHeight;
          const picture = column.pictures.get(name)?.[place];
          if (picture === undefined) drawFrame(canvas, cellLeft, cellTop, size);
          else drawCentred(canvas, picture, cellLeft, cellTop, size, scaleOf(picture));
        }
      });
    });
    x += width + groupGap;
  }
  return canvas;
}

function drawCentred(
  canvas: Canvas,
  picture: Picture,
  x: number,
  y: number,
  size: number,
  scale: number,
): void {
  const right = x + Math.floor((size - picture.width * scale) / 2);
  const down = y + Math.floor((size - picture.height * scale) / 2);
  canvas.draw(picture, right, down, scale);
}

function drawFrame(canvas: Canvas, x: number, y: number, size: number): void {
  canvas.fill(x, y, size, size, frame);
  canvas.fill(x + 1, y + 1, size - 2, size - 2, paper);
}
