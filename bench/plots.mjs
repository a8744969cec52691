// How the engine's cost grows, as pictures: small sweeps in one run, each value the better of two runs in a process
// of its own.
//
//   node plots.mjs [--sweeps time,activity,layers,threads,training] [--images docs/images]
//                  [--write docs/performance.md] [--quick]
//
// Pictures go to the folder `--images`; `--write` puts each sweep's picture and numbers into its place of a page.
// The whole takes about five minutes of four quiet cores; --quick takes fewer points, to see that it works.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { createEngine, engineInfo } from '@privatesnn/spiking';

import { chart } from './chart.mjs';
import { architectures, randomParameters, thresholdsFor } from './networks.mjs';
import { machineLine, markdownTable, writePart } from './page.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const { values } = parseArgs({
  options: {
    sweeps: { type: 'string', default: 'time,activity,layers,threads,training' },
    images: { type: 'string', default: join(root, 'docs/images') },
    write: { type: 'string' },
    quick: { type: 'boolean', default: false },
  },
});
const kinds = engineInfo()
  .filter(({ implementation, available }) => available && implementation !== 'reference')
  .map(({ implementation }) => implementation);
/** All points, or where it is to be quick the first two. */
const points = (all) => (values.quick ? all.slice(0, 2) : all);
const usual = { activity: 0.05, timeSteps: 100 };

function measure(task) {
  const script = fileURLToPath(new URL('measure.mjs', import.meta.url));
  const output = execFileSync(process.execPath, [script, JSON.stringify(task)], {
    encoding: 'utf8',
  });
  return JSON.parse(output);
}

const known = new Map();

/** A network and the thresholds with which its neurons spike at a rate, over 100 time-steps. */
async function networkAt(network, activity) {
  const key = `${network} ${activity}`;
  if (!known.has(key)) {
    const engine = await createEngine({ threads: 2 });
    const architecture = architectures[network];
    const parameters = randomParameters(architecture);
    const steps = usual.timeSteps;
    const thresholds = await thresholdsFor(engine, architecture, parameters, activity, steps);
    await engine.close();
    known.set(key, { network, thresholds });
  }
  return known.get(key);
}

/** Milliseconds for an image on one thread. */
async function imageTime(implementation, network, activity, timeSteps) {
  const material = await networkAt(network, activity);
  const count = timeSteps > 100 ? 2 : 6;
  const how = { task: 'infer', implementation, threads: 1, count, timeSteps };
  return (1000 * measure({ ...how, ...material }).seconds) / count;
}

/** One line for each implementation. */
async function lines(xs, value) {
  const series = [];
  for (const name of kinds) {
    const line = [];
    for (const x of xs) line.push([x, await value(name, x)]);
    series.push({ name, points: line });
  }
  return series;
}

const sweeps = {
  async time() {
    const { activity } = usual;
    const series = await lines(points([10, 25, 50, 100, 200, 400]), (kind, timeSteps) =>
      imageTime(kind, 'VGG9', activity, timeSteps),
    );
    return {
      title: 'Cost against time-steps: VGG9, 5 % activity, one thread',
      panels: [{ xLabel: 'time-steps T', yLabel: 'ms / image', series }],
    };
  },
  async activity() {
    const series = await lines(points([1, 2, 5, 10, 20]), (kind, percent) =>
      imageTime(kind, 'VGG9', percent / 100, usual.timeSteps),
    );
    return {
      title: 'Cost against activity: VGG9, T = 100, one thread',
      panels: [{ xLabel: 'neurons that spike at a time-step, %', yLabel: 'ms / image', series }],
    };
  },
  async layers() {
    const networks = points(['VGG5', 'VGG9', 'VGG11', 'VGG16']);
    const depth = (name) => architectures[name].layers.filter((layer) => layer.name).length;
    const ticks = networks.map((name) => [depth(name), name]);
    const series = await lines(
      ticks.map(([x]) => x),
      (kind, x) =>
        imageTime(kind, ticks.find(([at]) => at === x)[1], usual.activity, usual.timeSteps),
    );
    return {
      title: 'Cost against layers: 5 % activity, T = 100, one thread',
      panels: [{ xLabel: 'network, by weighted layers', yLabel: 'ms / image', ticks, series }],
    };
  },
  async threads() {
    const most = Math.min(4, cpus().length);
    const counts = Array.from({ length: most }, (_, i) => i + 1);
    const material = await networkAt('VGG9', usual.activity);
    const series = await lines(points(counts), (implementation, threads) => {
      const count = 12 * threads;
      const how = { task: 'infer', implementation, threads, count, timeSteps: usual.timeSteps };
      return count / measure({ ...how, ...material }).seconds;
    });
    const ideal = series.map(({ points: line }, colour) => ({
      name: 'in proportion',
      points: line.map(([x]) => [x, x * line[0][1]]),
      dashed: true,
      colour,
    }));
    return {
      title: 'Throughput against threads: VGG9, T = 100, 5 % activity',
      panels: [
        {
          xLabel: 'threads',
          yLabel: 'images / s',
          ticks: points(counts).map((n) => [n, String(n)]),
          series: [...series, ...ideal],
        },
      ],
    };
  },
  async training() {
    const material = await networkAt('VGG9', usual.activity);
    const results = new Map();
    const of = (implementation, timeSteps) => {
      const key = `${implementation} ${timeSteps}`;
      const how = { task: 'train', implementation, threads: 1, count: 4, timeSteps };
      if (!results.has(key)) results.set(key, measure({ ...how, ...material }));
      return results.get(key);
    };
    const steps = points([8, 16, 32, 64, 128]);
    return {
      title: 'Training step against time-steps: VGG9, batch 4, 5 % activity, one thread',
      panels: [
        {
          xLabel: 'time-steps T',
          yLabel: 'seconds',
          series: await lines(steps, (kind, t) => of(kind, t).seconds),
        },
        {
          xLabel: 'time-steps T',
          yLabel: 'peak memory of the process, MB',
          series: await lines(steps, (kind, t) => of(kind, t).peakBytes / 1e6),
        },
      ],
    };
  },
};

/** The numbers of a sweep. */
function tableOf({ panels }) {
  const columns = [panels[0].xLabel];
  const rows = panels[0].series[0].points.map(([x]) => [
    panels[0].ticks?.find(([at]) => at === x)?.[1] ?? x,
  ]);
  for (const { yLabel, series } of panels) {
    for (const { name, points: line } of series.filter(({ dashed }) => !dashed)) {
      columns.push(`${name}, ${yLabel}`);
      line.forEach(([, y], i) => rows[i].push(Number(y.toPrecision(3))));
    }
  }
  return markdownTable(columns, rows);
}

mkdirSync(values.images, { recursive: true });
for (const name of values.sweeps.split(',').filter(Boolean)) {
  const result = await sweeps[name]();
  const file = join(values.images, `cost-${name}.svg`);
  writeFileSync(file, chart(result.title, result.panels));
  const table = tableOf(result);
  console.log(`\n${result.title}: ${file}\n\n${table}`);
  if (!values.write) continue;
  const link = relative(dirname(resolve(values.write)), resolve(file));
  writePart(
    values.write,
    `sweep ${name}`,
    `![${result.title}](${link})\n\n${table}\n\n${machineLine()}`,
  );
}
