/**
 * Runs dataset stages on the options of the first argument, a JSON list of [stage, options], and prints for each the
 * code of its error and the megabytes by which the process has grown at its peak.
 */
import { fakeContext } from '@privatesnn/testkit';

import plugin from '../index.js';

const peak = () => process.resourceUsage().maxRSS / 1000;
const cases = JSON.parse(process.argv[2]!) as readonly [string, Record<string, unknown>][];
for (const [id, options] of cases) {
  const stage = plugin.stages!.find((one) => one.id === id)!;
  const before = peak();
  const code = await stage
    .create({}, stage.options.parse(options))
    .run(fakeContext(), {} as never)
    .then(
      () => 'read',
      (error: { code?: string }) => error.code ?? String(error),
    );
  process.stdout.write(`${JSON.stringify({ code, megabytes: peak() - before })}\n`);
}
