/** Writes the same few entries into a folder from several threads at once. */
import { isMainThread, Worker, workerData } from 'node:worker_threads';

import { writeWhole } from '../cache/write-whole.js';

const folder = isMainThread ? process.argv[2]! : (workerData as string);
if (isMainThread) {
  // Threads of Node 20 do not inherit the loader.
  const loader = JSON.stringify(new URL('./typescript-loader.js', import.meta.url).href);
  const entry = `import { register } from 'node:module';
register(${loader});
await import(${JSON.stringify(import.meta.url)});`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(entry)}`);
  for (let i = 0; i < 4; i++) new Worker(url, { workerData: folder });
} else {
  for (let i = 0; i < 60; i++) {
    const content = Buffer.from(`entry ${i % 12}`);
    await writeWhole(`${folder}/${i % 12}`, [content], { durable: false });
  }
}
