import { existsSync, readFileSync } from 'node:fs';

/** Peak memory of this process. On Linux maxRSS also counts the parent's before it started this one; VmHWM does not. */
export function peakBytes() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const kilobytes = /^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
  return Number(kilobytes) * 1024;
}
