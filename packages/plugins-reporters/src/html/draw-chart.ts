import type { EChartsOption } from 'echarts';

import type { Chart, Trace } from './charts.js';
import { dataColours, dataVariable } from './colours.js';

const width = 380;
const height = 250;

/** Stand-ins for CSS variables: ECharts wants colours that it can parse. */
const inkStandIn = '#010101';
const quietStandIn = '#010102';
const lineStandIn = '#010103';
const dataStandIn = (index: number) =>
  `#0102${(index % dataColours).toString(16).padStart(2, '0')}`;

const symbols = ['circle', 'rect', 'triangle', 'diamond'];
const dashPatterns = ['solid', 'dashed', 'dotted'] as const;
/** The same patterns as SVG dash arrays, for the legend. */
export const dashArrays = ['', '5 4', '1.5 3'];

/** Draws a chart to SVG without a DOM. The colours are CSS variables, so that they follow the page's scheme. */
export type DrawChart = (chart: Chart) => string;

/** Loads ECharts only when a chart is drawn, and as one file: a fifth of the time that its modules take. */
export async function chartDrawer(): Promise<DrawChart> {
  const echarts = await import('echarts/dist/echarts.esm.min.mjs');
  let count = 0;
  return (chart) => {
    const instance = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height });
    try {
      instance.setOption(optionOf(chart));
      return tidy(instance.renderToSVGString({ useViewBox: true }), count++);
    } finally {
      instance.dispose();
    }
  };
}

function optionOf(chart: Chart): EChartsOption {
  const text = { color: quietStandIn, fontFamily: 'sans-serif', fontSize: 12 };
  const bars = chart.kind === 'bars';
  const x = chart.traces.flatMap((trace) => trace.points.map(([at]) => at));
  const overNames = bars || x.some((at) => typeof at === 'string');
  const names = overNames ? [...new Set(x.map(String))] : [];
  const crowded = names.length > 6 || names.some((name) => name.length > 8);
  return {
    animation: false,
    textStyle: text,
    grid: {
      left: 8,
      right: 14,
      top: 34,
      bottom: 26,
      outerBoundsMode: 'same',
      outerBoundsContain: 'axisLabel',
    },
    xAxis: {
      type: overNames ? 'category' : 'value',
      name: chart.xLabel,
      nameLocation: 'middle',
      nameGap: crowded ? 44 : 26,
      nameTextStyle: text,
      axisLine: { show: true, onZero: false, lineStyle: { color: quietStandIn } },
      axisTick: { show: false },
      axisLabel: {
        ...text,
        hideOverlap: true,
        rotate: crowded ? 40 : 0,
        width: 70,
        overflow: 'truncate',
      },
      splitLine: { show: false },
      ...(overNames ? { data: names } : rangeOf(chart)),
    },
    yAxis: {
      ...(chart.logarithmic ? { type: 'log', ...decades(chart) } : { type: 'value' }),
      name: chart.yLabel,
      nameLocation: 'end',
      nameGap: 14,
      nameTextStyle: { ...text, align: 'left' },
      scale: !bars,
      splitNumber: 4,
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...text, formatter: tick },
      splitLine: { lineStyle: { color: lineStandIn } },
    },
    series: chart.traces.map((trace) => seriesOf(trace, bars, names)),
  } as EChartsOption;
}

/** "400000000" → "4e8" */
function tick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-3))
    return Number(value.toPrecision(6)).toExponential().replace('e+', 'e');
  return String(Number(value.toPrecision(6)));
}

/** The whole powers of ten that hold all values of a logarithmic axis. */
function decades(chart: Chart) {
  const y = chart.traces.flatMap(({ points }) => points.flatMap(([, value]) => value ?? []));
  const low = Math.floor(Math.log10(Math.min(...y)));
  const high = Math.ceil(Math.log10(Math.max(...y)));
  return { min: 10 ** low, max: 10 ** Math.max(high, low + 1) };
}

/** An axis of numbers: from 0 where that is near, in whole steps for whole numbers. */
function rangeOf(chart: Chart) {
  const x = chart.traces.flatMap((trace) => trace.points.map(([value]) => Number(value)));
  const [min, max] = [Math.min(...x), Math.max(...x)];
  const steps = x.every(Number.isInteger) ? { minInterval: 1 } : {};
  if (min === max) return { ...steps, min: min - 1, max: max + 1 };
  return { ...steps, scale: min <= 0 || min >= 0.3 * max };
}

function seriesOf(trace: Trace, bars: boolean, names: readonly string[]) {
  const color = dataStandIn(trace.colour);
  if (bars) {
    const values = new Map(trace.points.map(([x, y]) => [String(x), y]));
    const data = names.map((name) => values.get(name) ?? null);
    return {
      type: 'bar',
      data,
      itemStyle: { color, borderRadius: [2, 2, 0, 0] },
      barGap: '12%',
      barMaxWidth: 28,
      silent: true,
    };
  }
  return {
    type: 'line',
    data: trace.points,
    showSymbol: trace.points.length <= 25,
    symbol: symbols[trace.colour % symbols.length],
    symbolSize: 6,
    itemStyle: { color },
    lineStyle: { color, width: 2, type: dashPatterns[trace.dash % dashPatterns.length] },
    silent: true,
  };
}

/**
 * Leaves the drawing alone: no hover styles, no names that depend on what was drawn before, colours as variables.
 */
function tidy(svg: string, index: number): string {
  const variables = new Map([
    [inkStandIn, 'var(--ink)'],
    [quietStandIn, 'var(--quiet)'],
    [lineStandIn, 'var(--line)'],
    ...Array.from({ length: dataColours }, (_, at) => [dataStandIn(at), dataVariable(at)] as const),
  ]);
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ class="zr[^"]*"/g, '')
    .replace(/\bzr\d+-/g, `chart${index}-`)
    .replace(/#010[12]0[0-9a-f]/g, (colour) => variables.get(colour) ?? colour)
    .replace(/ ecmeta_[a-z_]+="[^"]*"/g, '')
    .replace(/\n/g, '');
}
