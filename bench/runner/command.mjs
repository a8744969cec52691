// The built command, in a folder of its own, and what it costs.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../packages/cli/bin/privatesnn.js', import.meta.url));
const plugin = fileURLToPath(new URL('./work.js', import.meta.url));

/** A temporary folder, and the experiment files and caches in it; removed when the process ends. */
export function workFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** An experiment of so many jobs: a source that all share, then a stage of work and one after it each. */
export function writeGrid(folder, name, jobs, work) {
  const options = Object.entries(work).map(([key, value]) => `, ${key}: ${value}`);
  const numbers = Array.from({ length: jobs }, (_, index) => index).join(', ');
  const text = `name: ${name}
plugins: [${plugin}]
matrix: { name: 'job \${index}', product: { index: [${numbers}] } }
stages:
  source: { use: work-source }
  work: { use: work-spin, inputs: { images: source }, options: { index: '\${index}'${options.join('')} } }
  after: { use: work-sum, inputs: { metrics: work } }
reporters: [{ use: work-count }]
`;
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, text);
  return file;
}

const argsOf = (argv) => [program, ...argv];
const environment = (folder, more) => ({
  ...process.env,
  PRIVATESNN_CACHE: join(folder, 'cache'),
  ...more,
});

/** Starts the command; `ended` gives its exit code and what it printed. */
export function start(folder, argv, more = {}) {
  const child = spawn(process.execPath, argsOf(argv), {
    cwd: folder,
    env: environment(folder, more),
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (text += data));
  const ended = new Promise((done) => child.on('close', (code) => done({ code, text })));
  return { child, ended };
}

/**
 * Runs the command to its end. Seconds of the clock, and of CPU with all processes beneath it; `load` is how many
 * processes wanted a core when it began.
 */
export function measure(folder, argv, more = {}) {
  const [load] = loadavg();
  const timed = ['-c', 'TIMEFORMAT="%R %U %S"; time "$@"', 'bash', process.execPath];
  const { status, stdout, stderr } = spawnSync('bash', [...timed, ...argsOf(argv)], {
    cwd: folder,
    env: environment(folder, more),
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const times = stderr.trim().split('\n').at(-1) ?? '';
  const [wall, user, system] = times.split(' ').map(Number);
  if (status !== 0) throw new Error(`${argv.join(' ')} ended with ${status}:\n${stdout}${stderr}`);
  return { wall, cpu: user + system, load, stdout, stderr };
}
