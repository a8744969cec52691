/** A child of the child-process launcher, as `privatesnn node RUN` is one. */
import { openCache } from '../cache/open.js';
import { endWithParent } from '../run/end-with-parent.js';
import { serveNodes } from '../run/launchers/serve.js';
import { openPlanFile } from '../run/plan-file.js';

const [location = ''] = process.argv.slice(2);
endWithParent(Number(process.env['PRIVATESNN_PARENT']));
await serveNodes(openCache(location), ({ file, digest, folder }) =>
  openPlanFile(file, { digest, folder, services: [], moduleBase: import.meta.dirname }),
);
// As the command does at its end: the channel to the parent would keep this process.
process.exit();
