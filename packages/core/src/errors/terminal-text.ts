/** Characters that act on a terminal or on the order of what it shows; a line feed is none of them. */
const acting =
  /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** The escape codes of colours that this program writes itself. */
const ownColours = /(\u001b\[(?:0|1|2|22|3[0-7]|39|90)m)/;

/**
 * Text in which everything that would act on a terminal is shown as a sign: ␀, ␛, ␡, and � for what has none. Names,
 * messages and texts of plugins and files go through here before they are painted.
 */
export function visible(text: string): string {
  return text.replace(acting, (character) => {
    const code = character.charCodeAt(0);
    if (code === 9) return ' ';
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '�';
  });
}

/** The same in one line: a name cannot pretend to be several. */
export function visibleLine(text: string): string {
  return visible(text.replace(/\r?\n/g, '␊'));
}

/** What may be written to a terminal: `visible`, but for the codes of colours, where it has them. */
export function terminalText(text: string, colour: boolean): string {
  if (!colour) return visible(text);
  return text
    .split(ownColours)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join('');
}

/**
 * A value as JSON that a terminal shows and does not obey; it is read back as the same value.
 *
 * @param indent blanks a level; 0 writes one line
 */
export function terminalJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(acting, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
