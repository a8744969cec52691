import { glyphRows, glyphsOf, glyphWidth } from './font.js';
import type { Picture } from './picture.js';

export type Rgb = readonly [red: number, green: number, blue: number];

/** An RGB drawing surface; what falls outside is cut off. */
export class Canvas implements Picture {
  readonly channels = 3;
  readonly pixels: Uint8Array;

  constructor(
    readonly width: number,
    readonly height: number,
    background: Rgb,
  ) {
    this.pixels = new Uint8Array(width * height * 3);
    this.fill(0, 0, width, height, background);
  }

  fill(x: number, y: number, width: number, height: number, [red, green, blue]: Rgb): void {
    const right = Math.min(this.width, x + width);
    const bottom = Math.min(this.height, y + height);
    for (let row = Math.max(0, y); row < bottom; row++) {
      for (let column = Math.max(0, x); column < right; column++) {
        const at = (row * this.width + column) * 3;
        this.pixels[at] = red;
        this.pixels[at + 1] = green;
        this.pixels[at + 2] = blue;
      }
    }
  }

  /** Draws a picture enlarged by a whole number, each pixel a square. */
  draw(picture: Picture, x: number, y: number, scale: number): void {
    const { width, height, channels, pixels } = picture;
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const at = (row * width + column) * channels;
        const red = pixels[at]!;
        const rgb: Rgb = channels === 1 ? [red, red, red] : [red, pixels[at + 1]!, pixels[at + 2]!];
        this.fill(x + column * scale, y + row * scale, scale, scale, rgb);
      }
    }
  }

  /** Writes a line of text, its upper left corner at (x, y). */
  write(text: string, x: number, y: number, scale: number, colour: Rgb): void {
    glyphsOf(text).forEach((columns, index) => {
      const left = x + index * (glyphWidth + 1) * scale;
      columns.forEach((bits, column) => {
        for (let row = 0; row < glyphRows; row++) {
          if ((bits >> row) & 1) {
            this.fill(left + column * scale, y + row * scale, scale, scale, colour);
          }
        }
      });
    });
  }
}
