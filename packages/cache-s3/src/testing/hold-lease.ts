/** Takes the lease of a key in a cache, says so, and keeps it in a busy loop, as a stage may. */
import { openS3Cache } from '../open.js';

const [location = '', key = '', lifetime = ''] = process.argv.slice(2);
const lease = await openS3Cache(location, { lifetime: Number(lifetime) }).leases.acquire(key);
process.stdout.write(lease ? 'held\n' : 'none\n', () => {
  for (;;);
});
