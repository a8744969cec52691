// Keeps the pages of the stages in step with the code: fills the tables in docs/stages/<id>.md from the options'
// schemas and from the ports, writes the list of all stages, and begins a page for a stage that has none.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { format, resolveConfig } from 'prettier';

import { loadStages } from './stage-pages/load.mjs';
import { fillPage, newPage, stageList } from './stage-pages/page.mjs';

const help = `Usage: node tools/stage-pages.mjs [--check] [stage ...]

Reads the built plugins (npm run build first) and writes docs/stages: all of it, or the pages of the named stages.

  --check   write nothing; exit code 1 when a page is missing, out of step, or of no stage
  --help    print this`;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'docs', 'stages');
const listName = 'README.md';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { check: { type: 'boolean' }, help: { type: 'boolean' } },
});
if (values.help) console.log(help);
else process.exitCode = await run(values.check ?? false, positionals);

async function run(check, only) {
  const stages = await loadStages(join(root, 'packages'));
  const unknown = only.filter((id) => !stages.some((stage) => stage.id === id));
  if (unknown.length > 0) throw new Error(`There is no stage ${unknown.join(', ')}.`);
  await mkdir(folder, { recursive: true });
  const problems = [];
  for (const stage of stages) {
    if (only.length > 0 && !only.includes(stage.id)) continue;
    const name = `${stage.id}.md`;
    const old = await readText(join(folder, name));
    await bring(name, old, fillPage(old ?? newPage(stage), stage), problems, check);
  }
  if (only.length === 0) {
    const old = await readText(join(folder, listName));
    await bring(listName, old, stageList(stages), problems, check);
    problems.push(...(await orphans(stages)));
  }
  problems.forEach((problem) => console.error(problem));
  console.log(`${stages.length} stages, ${problems.length} problems.`);
  return problems.length > 0 ? 1 : 0;
}

/** Pages that belong to no stage. */
async function orphans(stages) {
  const known = new Set([listName, ...stages.map(({ id }) => `${id}.md`)]);
  return (await readdir(folder))
    .filter((name) => name.endsWith('.md') && !known.has(name))
    .map((name) => `docs/stages/${name} is the page of no stage: delete it.`);
}

/** Writes a page that has changed, or, under --check, says so. */
async function bring(name, old, page, problems, check) {
  const file = join(folder, name);
  const style = (await resolveConfig(file)) ?? {};
  const text = await format(page, { ...style, parser: 'markdown' });
  if (text === old) return;
  const what = old === undefined ? 'is missing' : 'is out of step with the code';
  if (check) problems.push(`docs/stages/${name} ${what}: run node tools/stage-pages.mjs.`);
  else {
    await writeFile(file, text);
    console.log(`${old === undefined ? 'began' : 'updated'} docs/stages/${name}`);
  }
}

async function readText(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
