/** A bitmap font, 5 × 7 and one row for descenders: printable ASCII and a few signs. */
export const glyphWidth = 5;
/** From the top of a capital to the base line. */
export const glyphHeight = 7;
/** With the row for descenders. */
export const glyphRows = 8;

/** Five columns a glyph, two hexadecimal digits each, bit 0 at the top; from the space to the tilde. */
const asciiColumns =
  '0000000000 00005f0000 0007000700 147f147f14 242a7f2a12 2313086462 3649552250 0005030000' +
  ' 001c224100 0041221c00 14083e0814 08083e0808 0050300000 0808080808 0060600000 2010080402' +
  ' 3e5149453e 00427f4000 4261514946 2141454b31 1814127f10 2745454539 3c4a494930 0171090503' +
  ' 3649494936 064949291e 0036360000 0056360000 0814224100 1414141414 0041221408 0201510906' +
  ' 324979413e 7e1111117e 7f49494936 3e41414122 7f4141221c 7f49494941 7f09090901 3e4149497a' +
  ' 7f0808087f 00417f4100 2040413f01 7f08142241 7f40404040 7f020c027f 7f0408107f 3e4141413e' +
  ' 7f09090906 3e4151215e 7f09192946 4649494931 01017f0101 3f4040403f 1f2040201f 3f4038403f' +
  ' 6314081463 0708700807 6151494543 007f414100 0204081020 0041417f00 0402010204 4040404040' +
  ' 0001020400 2054545478 7f48444438 3844444420 384444487f 3854545418 087e090102 18a4a4a47c' +
  ' 7f08040478 00447d4000 4080847d00 7f10284400 00417f4000 7c04180478 7c08040478 3844444438' +
  ' fc24242418 18242418fc 7c08040408 4854545420 043f444020 3c4040207c 1c2040201c 3c4030403c' +
  ' 4428102844 1ca0a0a07c 4464544c44 0008364100 00007f0000 0041360800 0804081008';

const signs: Readonly<Record<string, string>> = {
  '·': '0000080000',
  '×': '2214081422',
  '–': '0808080808',
  '—': '0808080808',
  '→': '08082a1c08',
  '’': '0005030000',
  '…': '4000400040',
  θ: '3e4949493e',
  λ: '6112040c70',
  τ: '047c440408',
};

/** A frame, for what the font lacks. */
const unknown = '7f4141417f';

const glyphs = new Map<string, readonly number[]>([
  ...asciiColumns
    .split(' ')
    .map((columns, index) => [String.fromCharCode(32 + index), parse(columns)] as const),
  ...Object.entries(signs).map(([sign, columns]) => [sign, parse(columns)] as const),
]);

function parse(columns: string): number[] {
  return columns.match(/../g)!.map((column) => Number.parseInt(column, 16));
}

/** The glyphs of a text, accents left out; each is five columns of eight bits, bit 0 at the top. */
export function glyphsOf(text: string): (readonly number[])[] {
  const bare = text.normalize('NFKD').replace(/\p{M}/gu, '');
  return [...bare].map((character) => glyphs.get(character) ?? parse(unknown));
}

/** Pixels that a text takes at a scale: one pixel column between glyphs. */
export function textWidth(text: string, scale: number): number {
  const count = glyphsOf(text).length;
  return count === 0 ? 0 : (count * (glyphWidth + 1) - 1) * scale;
}
