// Line charts as SVG pictures that stand on light and on dark pages, legible at 700 pixels.
const colours = {
  light: ['#ffffff', '#191c20', '#596069', '#dcdfe3', '#0b6bb8', '#c8500a', '#0a7d5e', '#8b4fb0'],
  dark: ['#1b1f23', '#e8eaed', '#a3abb5', '#353b42', '#5aaeec', '#f08a4b', '#3cc79a', '#c79be6'],
};
const names = ['panel', 'ink', 'quiet', 'line', 'c0', 'c1', 'c2', 'c3'];
const variables = (values) => values.map((value, i) => `--${names[i]}:${value}`).join(';');
const style = `:root{${variables(colours.light)}}@media(prefers-color-scheme:dark){:root{${variables(colours.dark)}}}
text{font:14px system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif;fill:var(--quiet)}
.title{font-size:16px;font-weight:600;fill:var(--ink)}.name{fill:var(--ink)}`;

const width = 700;
const panelHeight = 330;
const margin = { left: 62, right: 24, top: 78, bottom: 52 };

/**
 * One or more panels beside each other.
 *
 * @param title
 * @param panels each { xLabel, yLabel, ticks?, series: [{ name, points: [x, y][], dashed?, colour? }] }; axes start at 0
 *   unless `ticks`, [value, text] of the x axis, are given
 */
export function chart(title, panels) {
  const panelWidth = width / panels.length;
  const body = panels.map((panel, i) => drawPanel(panel, i * panelWidth, panelWidth));
  const height = panelHeight + 40;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(title)}">
<style>${style}</style>
<rect width="${width}" height="${height}" rx="6" style="fill:var(--panel)"/>
<text class="title" x="18" y="28">${escape(title)}</text>
${drawLegend(panels[0].series)}
${body.join('\n')}
</svg>
`;
}

/** Ideal lines, all dashed, have one entry. */
function drawLegend(series) {
  let x = 18;
  const first = series.filter(({ name }, i) => series.findIndex((s) => s.name === name) === i);
  return first
    .map(({ name, dashed }, i) => {
      const at = x;
      x += 58 + 8 * name.length;
      const line = stroke(`M${at} 48h26`, dashed ? 'quiet' : `c${i}`, dashed);
      const mark = dashed ? '' : dot(at + 13, 48, i);
      return `${line}${mark}<text class="name" x="${at + 33}" y="53">${escape(name)}</text>`;
    })
    .join('\n');
}

function drawPanel({ xLabel, yLabel, ticks, series }, offset, panelWidth) {
  const left = offset + margin.left;
  const right = offset + panelWidth - margin.right;
  const [top, bottom] = [margin.top + 22, panelHeight + 40 - margin.bottom];
  const points = series.flatMap((line) => line.points);
  const xs = points.map(([x]) => x);
  const yTicks = niceTicks(Math.max(...points.map(([, y]) => y)));
  const xTicks = ticks ?? niceTicks(Math.max(...xs)).map((value) => [value, short(value)]);
  const [low, high] = ticks ? [xTicks[0][0], xTicks.at(-1)[0]] : [0, xTicks.at(-1)[0]];
  const inset = ticks ? 18 : 0;
  const toX = (x) => left + inset + ((x - low) / (high - low)) * (right - left - 2 * inset);
  const toY = (y) => bottom - (y / yTicks.at(-1)) * (bottom - top);
  const parts = [];
  for (const y of yTicks) {
    const at = toY(y).toFixed(1);
    parts.push(`<path d="M${left} ${at}H${right}" style="stroke:var(--line)"/>`);
    parts.push(`<text x="${left - 8}" y="${+at + 5}" text-anchor="end">${short(y)}</text>`);
  }
  for (const [x, text] of xTicks) {
    const at = toX(x).toFixed(1);
    parts.push(`<path d="M${at} ${bottom}v5" style="stroke:var(--quiet)"/>`);
    parts.push(`<text x="${at}" y="${bottom + 21}" text-anchor="middle">${escape(text)}</text>`);
  }
  parts.push(`<path d="M${left} ${bottom}H${right}" style="stroke:var(--quiet)"/>`);
  const middle = (left + right) / 2;
  parts.push(
    `<text x="${middle}" y="${bottom + 43}" text-anchor="middle">${escape(xLabel)}</text>`,
  );
  parts.push(`<text x="${offset + 18}" y="${top - 14}">${escape(yLabel)}</text>`);
  series.forEach(({ points: line, dashed, colour }, i) => {
    const path = line.map(([x, y]) => `${toX(x).toFixed(1)} ${toY(y).toFixed(1)}`).join('L');
    parts.push(stroke(`M${path}`, `c${colour ?? i}`, dashed));
    if (dashed) return;
    for (const [x, y] of line) parts.push(dot(toX(x).toFixed(1), toY(y).toFixed(1), i));
  });
  return parts.join('\n');
}

function stroke(path, colour, dashed) {
  const dash = dashed ? ';stroke-dasharray:2 5' : '';
  return `<path d="${path}" style="fill:none;stroke:var(--${colour});stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round${dash}"/>`;
}

/** Shapes as well as colours tell lines apart. */
function dot(x, y, i) {
  const style = `style="fill:var(--c${i})"`;
  if (i % 2 === 0) return `<circle cx="${x}" cy="${y}" r="4" ${style}/>`;
  return `<rect x="${x - 3.8}" y="${y - 3.8}" width="7.6" height="7.6" ${style}/>`;
}

/** 0, and four to six round steps that reach `most`. */
function niceTicks(most) {
  const raw = most / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999);
  return Array.from({ length: Math.ceil(most / step - 1e-9) + 1 }, (_, i) => i * step);
}

const short = (value) => String(Number(value.toPrecision(4)));

function escape(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;');
}
