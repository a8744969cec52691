import { expect, test } from 'vitest';

import { lifeOf, parseTasks } from './states.js';

test('tasks of squeue, as Slurm 22.05 writes them', () => {
  const text = `1|COMPLETED|n[1-2]|None
2_5|PENDING||Resources
2_6|PENDING||ReqNodeNotAvail, UnavailableNodes:n[1|2]
2_1|RUNNING|n1|None
2_2|NODE_FAIL|n2|NodeDown
`;
  expect(parseTasks(text)).toEqual([
    { id: '2_5', state: 'PENDING', node: '', reason: 'Resources' },
    { id: '2_6', state: 'PENDING', node: '', reason: 'ReqNodeNotAvail, UnavailableNodes:n[1|2]' },
    { id: '2_1', state: 'RUNNING', node: 'n1', reason: '' },
    { id: '2_2', state: 'NODE_FAIL', node: 'n2', reason: 'NodeDown' },
  ]);
});

test('tasks of sacct, of which those that wait are told together', () => {
  const text = `17_1|CANCELLED by 1000|n1|None
17_2|OUT_OF_MEMORY|n2|None
17_3|CANCELLED+|(null)|None
17_[4-9%2]|PENDING|None assigned|None
`;
  expect(parseTasks(text).map(({ id, state, node }) => [id, state, node])).toEqual([
    ['17_1', 'CANCELLED', 'n1'],
    ['17_2', 'OUT_OF_MEMORY', 'n2'],
    ['17_3', 'CANCELLED', ''],
  ]);
});

test('what is no table is no task', () => {
  expect(parseTasks('Slurm accounting storage is disabled\n\n')).toEqual([]);
});

// "JOB STATE CODES" of squeue(1).
test.each([
  ['waits', 'CONFIGURING PENDING REQUEUED REQUEUE_HOLD REQUEUE_FED RESV_DEL_HOLD SPECIAL_EXIT'],
  ['works', 'COMPLETING RUNNING RESIZING SIGNALING STAGE_OUT STOPPED SUSPENDED'],
  [
    'ended',
    'BOOT_FAIL CANCELLED COMPLETED DEADLINE FAILED NODE_FAIL OUT_OF_MEMORY PREEMPTED REVOKED TIMEOUT',
  ],
])('a task %s in %s', (life, states) => {
  for (const state of states.split(' ')) expect(lifeOf(state)).toBe(life);
});
