/** Colours of the page in the light and in the dark scheme; charts take them through CSS variables. */
export const schemes = {
  light: {
    page: '#fbfbfa',
    panel: '#ffffff',
    ink: '#191c20',
    quiet: '#596069',
    line: '#dcdfe3',
    accent: '#0b5cad',
    warn: '#8a4b00',
    warnPanel: '#fff5e6',
    data: ['#0b6bb8', '#c8500a', '#0a7d5e', '#8b4fb0', '#8a6d00', '#b8386c', '#4b6472', '#3f7d1c'],
  },
  dark: {
    page: '#14171a',
    panel: '#1b1f23',
    ink: '#e8eaed',
    quiet: '#a3abb5',
    line: '#353b42',
    accent: '#7db9f0',
    warn: '#f2bd78',
    warnPanel: '#2a2216',
    data: ['#5aaeec', '#f08a4b', '#3cc79a', '#c79be6', '#d8b84a', '#f08db0', '#a4b6c2', '#9bd06f'],
  },
} as const;

export const dataColours = schemes.light.data.length;

/** The CSS variable of the n-th data colour; after the last colour the first comes again. */
export function dataVariable(index: number): string {
  return `var(--data-${index % dataColours})`;
}

/** CSS declarations of one scheme. */
export function schemeVariables(scheme: keyof typeof schemes): string {
  const { data, ...rest } = schemes[scheme];
  const named = Object.entries(rest).map(([name, colour]) => `--${kebab(name)}:${colour}`);
  const numbered = data.map((colour, index) => `--data-${index}:${colour}`);
  return [`color-scheme:${scheme}`, ...named, ...numbered].join(';');
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
