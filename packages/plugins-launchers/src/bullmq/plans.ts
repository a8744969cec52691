import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

const unpacked = promisify(gunzip);

/** Plan files that a worker has fetched, in a temporary folder: one for each run. */
export interface Plans {
  /** The file, fetched when it is not there yet; undefined where Redis does not have it just now. */
  file(run: string, fetch: () => Promise<Buffer | null>): Promise<string | undefined>;
  drop(run: string): Promise<void>;
  close(): Promise<void>;
}

export async function openPlans(): Promise<Plans> {
  const folder = await mkdtemp(join(tmpdir(), 'privatesnn-plans-'));
  const files = new Map<string, Promise<string | undefined>>();
  const store = async (run: string, fetch: () => Promise<Buffer | null>) => {
    const bytes = await fetch();
    if (!bytes) return undefined;
    await mkdir(join(folder, run), { recursive: true });
    const file = join(folder, run, 'plan.bin');
    await writeFile(file, await unpacked(bytes));
    return file;
  };
  return {
    async file(run, fetch) {
      if (!files.has(run)) files.set(run, store(run, fetch));
      const file = await files.get(run)!.catch(() => undefined);
      if (file === undefined) files.delete(run);
      return file;
    },
    async drop(run) {
      files.delete(run);
      await rm(join(folder, run), { recursive: true, force: true });
    },
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
