// Apart from supervise.ts, which is loaded before anything else and must not wait for all of core.
export { endWithParent } from '@privatesnn/core';
