import { expect, test } from 'vitest';

import { folderWith } from './testing/folder.js';
import { startWith } from './testing/start.js';

test('doctor --bench measures every engine that is here', { timeout: 300_000 }, async () => {
  const { code, stdout } = await startWith({}, folderWith(), 'doctor', '--bench', '--json').ended;
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as {
    tensorFlow: { present: boolean };
    tensors: { id: string; reason: string };
    engines: { implementation: string; available: boolean }[];
    speeds: {
      engines: { network: string; engine: string; precision: string; imagesPerSecond: number }[];
      tensors?: Record<'embedded' | 'tensorflow', Record<string, number>>;
    };
  };
  const compiled = report.engines
    .filter(({ implementation, available }) => available && implementation !== 'reference')
    .map(({ implementation }) => implementation);
  expect(new Set(report.speeds.engines.map(({ engine }) => engine))).toEqual(new Set(compiled));
  expect(report.speeds.engines).toHaveLength(4 * compiled.length);
  for (const { imagesPerSecond } of report.speeds.engines)
    expect(imagesPerSecond).toBeGreaterThan(0);
  // What was measured is what is chosen by, in the same command.
  if (report.tensorFlow.present) expect(report.tensors.reason).toMatch(/measured \d{4}-/);
  else expect(report.speeds.tensors).toBeUndefined();
});
