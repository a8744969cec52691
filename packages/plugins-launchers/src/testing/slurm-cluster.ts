import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { freePort, until } from './redis-server.js';

// Debian's daemons lie where users do not look.
const path = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** Why tests with a real Slurm cannot be run here; undefined where they can. */
export const noSlurm = reason();

function reason(): string | undefined {
  if (process.getuid?.() !== 0) return 'a Slurm cluster of a test needs root';
  const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch'];
  const lacking = programs.find((name) => spawnSync(name, ['-V'], { env: path }).error);
  return lacking === undefined ? undefined : `${lacking} is not installed`;
}

/** A cluster of a test, all on this machine: munged, slurmctld, and two nodes with two processors each. */
export interface SlurmCluster {
  /** For SLURM_CONF. */
  readonly conf: string;
  /** Tasks that wait or work, as `squeue` shows them: id and state. */
  queue(): readonly string[];
  /** Output of a program of Slurm. */
  ask(program: string, ...args: string[]): string;
  stopController(): Promise<void>;
  startController(): Promise<void>;
  /** SIGKILL to a node's slurmd, not to what works there. */
  killNode(name: 'n1' | 'n2'): Promise<void>;
  startNode(name: 'n1' | 'n2'): Promise<void>;
  stop(): Promise<void>;
}

export async function startSlurm(): Promise<SlurmCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'privatesnn-slurm-'));
  const conf = join(folder, 'slurm.conf');
  const environment = { ...path, SLURM_CONF: conf };
  const ports = [await freePort(), await freePort(), await freePort()];
  const { username } = userInfo();
  for (const name of ['state', 'n1', 'n2']) mkdirSync(join(folder, name));
  const key = join(folder, 'munge.key');
  writeFileSync(key, randomBytes(128), { mode: 0o600 });
  writeFileSync(conf, settings(folder, ports, username));

  const daemons = new Map<string, ChildProcess>();
  const start = (name: string, program: string, args: readonly string[]) => {
    const child = spawn(program, args, { env: environment, stdio: 'ignore' });
    daemons.set(name, child);
  };
  const kill = async (name: string) => {
    const child = daemons.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  const ask = (program: string, ...args: string[]) =>
    spawnSync(program, args, { env: environment, encoding: 'utf8' }).stdout.trim();
  const queue = () =>
    ask('squeue', '--noheader', '--array', '--format=%i %T').split('\n').filter(Boolean);
  const startController = async () => {
    start('controller', 'slurmctld', ['-D']);
    await until(() => ask('sinfo', '--noheader').includes('work'), 'a controller that answers');
  };
  const startNode = (name: string) => {
    start(name, 'slurmd', ['-D', '-N', name]);
    const state = () => ask('sinfo', '--noheader', `--nodes=${name}`, '--format=%T');
    return until(() => /^(idle|mixed|allocated|completing)$/.test(state()), `node ${name}`);
  };

  const own = (name: string) => join(folder, `munge.${name}`);
  const files = ['key', 'socket', 'pid', 'log', 'seed'].map((name) =>
    name === 'socket' ? `--socket=${own(name)}` : `--${name}-file=${own(name)}`,
  );
  start('munge', 'munged', ['--foreground', '--force', ...files]);
  await until(() => readable(own('pid')), 'munged');
  await startController();
  await Promise.all([startNode('n1'), startNode('n2')]);
  return {
    conf,
    ask,
    queue,
    startController,
    startNode,
    killNode: kill,
    stopController: () => kill('controller'),
    async stop() {
      ask('scancel', '--full', '--signal=KILL', `--user=${username}`);
      ask('scancel', `--user=${username}`);
      const limit = performance.now() + 10_000;
      const left = () => ask('squeue', '--noheader', '--states=all', '--format=%T');
      const busy = () => /RUNNING|COMPLETING|PENDING/.test(left()) && performance.now() < limit;
      await until(() => !busy(), 'an empty queue');
      for (const name of daemons.keys()) await kill(name);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function readable(file: string): boolean {
  try {
    return readFileSync(file, 'utf8') !== '';
  } catch {
    return false;
  }
}

const settings = (folder: string, ports: readonly number[], user: string) => `ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=${ports[0]}
AuthType=auth/munge
AuthInfo=socket=${folder}/munge.socket
CredType=cred/munge
SlurmUser=${user}
SlurmdUser=${user}
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/%n
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd-%n.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
ReturnToService=2
KillWait=15
MinJobAge=60
SlurmctldTimeout=30
SlurmdTimeout=15
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=1
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=localhost NodeAddr=127.0.0.1 Port=${ports[1]} CPUs=2 RealMemory=2000
NodeName=n2 NodeHostname=localhost NodeAddr=127.0.0.1 Port=${ports[2]} CPUs=2 RealMemory=2000
PartitionName=work Nodes=n1,n2 Default=YES MaxTime=60 State=UP
`;
