import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { fc, test as propertyTest } from '@fast-check/vitest';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

let folder: string;
let present = true;
vi.mock('../tensorflow.js', () => ({
  tensorFlowFolder: () => folder,
  findTensorFlow: () =>
    present
      ? { present, version: '2.21.0', source: 'a test' }
      : { present, reason: 'a test has none' },
}));

const { fasterRuntime, keepMeasurement, measuredHere, readMeasurement, relativeTime } =
  await import('./measurement.js');
const { chooseRuntime } = await import('../create.js');

const measurement = (embedded: [number, number], tensorflow: [number, number]) => ({
  ...measuredHere()!,
  embedded: { imageGradient: embedded[0], trainingStep: embedded[1] },
  tensorflow: { imageGradient: tensorflow[0], trainingStep: tensorflow[1] },
  measured: '2026-11-29T12:00:00.000Z',
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'privatesnn-measured-'));
  mkdirSync(join(folder, 'deps'));
  present = true;
  vi.stubEnv('PRIVATESNN_TENSORS', '');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const time = fc.double({ min: 0.01, max: 1e4, noNaN: true });
propertyTest.prop([time, time, time, time])(
  'TensorFlow computes only where it is faster by a tenth, and a faster machine changes nothing',
  (a, b, c, d) => {
    const found = measurement([a, b], [c, d]);
    const ratio = Math.sqrt((c * d) / (a * b));
    expect(relativeTime(found)).toBeCloseTo(ratio, -Math.log10(ratio * 1e-6));
    if (Math.abs(ratio - 0.9) > 1e-6) {
      expect(fasterRuntime(found)).toBe(ratio < 0.9 ? 'tensorflow' : 'embedded');
    }
    expect(fasterRuntime(measurement([2 * a, 2 * b], [2 * c, 2 * d]))).toBe(fasterRuntime(found));
  },
);

describe('chooseRuntime', () => {
  test('takes what was measured to be faster, and says so', async () => {
    await keepMeasurement(measurement([100, 300], [90, 100]));
    expect(chooseRuntime()).toMatchObject({ id: 'tensorflow', version: '2.21.0' });
    expect(chooseRuntime().reason).toBe("55 % of the embedded engine's time, measured 2026-11-29");
    await keepMeasurement(measurement([100, 100], [200, 200]));
    expect(chooseRuntime()).toEqual({
      id: 'embedded',
      reason: 'TensorFlow took 200 % of its time, measured 2026-11-29',
    });
  });

  test('takes the embedded engine where nothing was measured', () => {
    expect(chooseRuntime()).toMatchObject({ id: 'embedded' });
    expect(chooseRuntime().reason).toMatch(/not measured here: .*doctor --bench/);
    present = false;
    expect(chooseRuntime()).toEqual({ id: 'embedded', reason: 'TensorFlow is not here' });
  });

  test('obeys the environment whatever was measured', async () => {
    await keepMeasurement(measurement([100, 100], [200, 200]));
    vi.stubEnv('PRIVATESNN_TENSORS', 'tensorflow');
    expect(chooseRuntime()).toMatchObject({ id: 'tensorflow' });
    present = false;
    expect(chooseRuntime).toThrow(expect.objectContaining({ code: 'TENSORFLOW_MISSING' }));
  });
});

test('a measurement of another processor, other kernels or another TensorFlow does not count', async () => {
  const mine = measurement([2, 2], [1, 1]);
  await keepMeasurement(mine);
  expect(readMeasurement()).toEqual(mine);
  for (const key of ['processor', 'kernels', 'tensorFlowVersion'] as const) {
    await keepMeasurement({ ...mine, [key]: 'another' });
    expect(readMeasurement()).toBeUndefined();
  }
});

test.each(['', 'nonsense', '{}', '{"embedded": {"imageGradient": -1}}'])(
  'a note that says %j counts as none',
  (text) => {
    writeFileSync(join(folder, 'deps', 'measured.json'), text);
    expect(readMeasurement()).toBeUndefined();
  },
);
