/** The command, from its sources. */
import { main } from '../main.js';

process.removeAllListeners('warning');
await main(process.argv.slice(2));
