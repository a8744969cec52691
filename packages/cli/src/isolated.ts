/** What isolated processes run: see `isolation.ts`. */
import { serveIsolated } from '@privatesnn/core';

import { bundledServices } from './services.js';

await serveIsolated(bundledServices);
