/** Takes the lease of a key in a folder, says so, and keeps it in a busy loop, as a stage may. */
import { folderLeases } from '../cache/folder-leases.js';

const [folder = '', key = '', lifetime = ''] = process.argv.slice(2);
const lease = await folderLeases(folder, Number(lifetime)).acquire(key);
process.stdout.write(lease ? 'held\n' : 'none\n', () => {
  for (;;);
});
