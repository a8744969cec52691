// The goals of the engine, as ratios, and what a run of the bench reached of them.
import { markdownTable } from './page.mjs';

const is = (wanted) => (record) => Object.entries(wanted).every(([key, x]) => record[key] === x);
const peer = 'SpikingJelly';

/** Each: what, compared with what, the ratio that is asked for, the records it is about, the ratio of a record. */
export const goals = [
  ...[
    ['float', '0.05', 7],
    ['integer', '0.05', 15],
    ['float', 'conversion', 10],
    ['float', 'trained', 10],
  ].map(([precision, activity, asked]) => ({
    what: `native inference, ${precision}, activity ${activity}, 2 threads`,
    to: peer,
    asked,
    about: is({ task: 'infer', implementation: 'native', precision, activity, threads: 2 }),
  })),
  {
    what: 'WebAssembly inference, integer, activity 0.05, 1 thread',
    to: peer,
    asked: 2,
    about: is({
      ...{ task: 'infer', implementation: 'wasm', precision: 'integer' },
      ...{ activity: '0.05', threads: 1 },
    }),
  },
  ...[
    ['VGG9', 4],
    ['VGG16', 5],
  ].map(([network, asked]) => ({
    what: 'native training step, activity 0.05, 1 thread',
    to: peer,
    asked,
    about: is({ ...{ task: 'train', implementation: 'native', network }, ...at5(1) }),
  })),
  {
    what: 'WebAssembly training step, activity 0.05, 1 thread',
    to: peer,
    asked: 1.5,
    about: is({ task: 'train', implementation: 'wasm', ...at5(1) }),
  },
  {
    what: 'less memory of the native training step, activity 0.05, 1 thread',
    to: peer,
    asked: 10,
    about: is({ task: 'train', implementation: 'native', ...at5(1) }),
    value: ({ memory }) => memory,
  },
  ...['conversion', 'trained'].map((activity) => ({
    what: `native threshold balancing, activity ${activity}, 2 threads`,
    to: 'simulating again for each layer',
    asked: 5,
    about: is({ task: 'balance', implementation: 'native', network: 'VGG16', activity }),
  })),
  {
    what: 'native inference, float, activity 0.05, 2 threads',
    to: '1 thread',
    asked: 1.9,
    about: is({
      ...{ task: 'infer', implementation: 'native', precision: 'float' },
      ...at5(2),
    }),
    value: ({ speed, network }, records) =>
      speed /
      records.find(
        is({
          ...{ task: 'infer', implementation: 'native', precision: 'float', network },
          ...at5(1),
        }),
      )?.speed,
  },
];

/** The same, over few time-steps. */
export const fewGoals = [
  ...[
    ['0.05', 8],
    ['0.1', 6],
  ].flatMap(([activity, asked]) =>
    [4, 8, 16].map((timeSteps) => ({
      what: `native inference, integer, activity ${activity}, T = ${timeSteps}, 1 thread`,
      to: peer,
      asked,
      about: is({ task: 'few', precision: 'integer', activity, timeSteps }),
    })),
  ),
  ...[4, 8].map((timeSteps) => ({
    what: `native training step, activity 0.05, T = ${timeSteps}, 1 thread`,
    to: peer,
    asked: 3,
    about: is({ task: 'few train', activity: '0.05', timeSteps }),
  })),
];

function at5(threads) {
  return { activity: '0.05', threads };
}

/** Those of the goals that a run says something about; undefined for none. */
export function goalsTable(goals, records) {
  const rows = goals.flatMap(({ what, to, asked, about, value = ({ ratio }) => ratio }) =>
    records.filter(about).flatMap((record) => {
      const measured = value(record, records);
      if (!Number.isFinite(measured)) return [];
      const times = `${measured.toFixed(1)}×`;
      // Judged as it is printed.
      const isReached = Number(measured.toFixed(1)) >= asked;
      return [[record.network, what, to, `${asked}×`, times, isReached ? 'yes' : 'no']];
    }),
  );
  if (rows.length === 0) return undefined;
  const columns = ['network', 'what', 'compared with', 'asked', 'measured', 'reached'];
  return markdownTable(columns, rows);
}
