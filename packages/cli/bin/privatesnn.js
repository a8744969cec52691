#!/usr/bin/env node
import { existsSync } from 'node:fs';
import module from 'node:module';

// Warnings of Node itself (experimental features and the like) say nothing to the command's users.
process.removeAllListeners('warning');
module.enableCompileCache?.();

const main = new URL('../dist/main.js', import.meta.url);
if (!existsSync(main)) {
  process.stderr.write('privatesnn is not built yet. Run: npm run build\n');
  process.exit(5);
}
const { main: start } = await import(main.href);
await start(process.argv.slice(2));
