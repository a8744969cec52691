import { openCacheAt } from '../cache.js';
import { byteSize, count, cut, duration } from '../progress/format.js';
import { say, terminalOf } from '../terminal.js';

/** Prints what the cache holds. */
export async function listCache(named?: string): Promise<void> {
  const { location, maintenance } = await openCacheAt(named);
  const entries = await maintenance.list();
  const { columns } = terminalOf(process.stdout);
  const sizes = new Map<string, number>();
  const lines = entries.map(({ key, label, created, seconds, outputs }) => {
    for (const { digest, bytes } of Object.values(outputs)) sizes.set(digest, bytes);
    const size = Object.values(outputs).reduce((sum, { bytes }) => sum + bytes, 0);
    const time = created.slice(0, 16).replace('T', ' ');
    const figures = `${byteSize(size).padStart(9)}  ${duration(seconds).padStart(12)}`;
    return cut(`${key.slice(0, 8)}  ${time}  ${figures}  ${label}`, columns);
  });
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  lines.push(`${entries.length} results, ${byteSize(total)}, in ${location}`);
  say(process.stdout, `${lines.join('\n')}\n`);
}

/** Reads the whole cache; returns the exit code: 3 when damage was found and left. */
export async function verifyCache(named?: string, remove = false): Promise<number> {
  const { location, maintenance } = await openCacheAt(named);
  const { damage, leftOver } = await maintenance.verify(remove);
  if (leftOver.length > 0) {
    const files = count(leftOver.length, 'file');
    const what = remove ? 'removed' : 'no harm; --remove removes them';
    say(process.stdout, `${files} left over by processes that were ended: ${what}.\n`);
  }
  if (damage.length === 0) {
    say(process.stdout, `The cache is sound: ${location}\n`);
    return 0;
  }
  for (const { file, what } of damage) say(process.stdout, `${file}\n  ${what}\n`);
  say(
    process.stdout,
    remove
      ? `${damage.length} damaged files were removed.\n`
      : `${damage.length} damaged files. To remove them: privatesnn cache verify --remove\n`,
  );
  return remove ? 0 : 3;
}

/** Removes all results and checkpoints. */
export async function clearCache(named?: string): Promise<void> {
  const { location, maintenance } = await openCacheAt(named);
  const entries = await maintenance.list();
  await maintenance.clear();
  say(process.stdout, `${entries.length} results were removed from ${location}\n`);
}
