import { spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';

import { isElsewhere, noNetwork, openNetwork, path, thisMachine, type Network } from './network.js';
import { until } from './redis-server.js';
import { killTree } from './worker.js';

/** Why tests with a real Slurm cannot be run here; undefined where they can. */
export const noSlurm = noNetwork() ?? lackingProgram();

function lackingProgram(): string | undefined {
  const programs = ['munged', 'slurmctld', 'slurmd', 'sbatch'];
  const lacking = programs.find((name) => spawnSync(name, ['-V'], { env: path }).error);
  return lacking === undefined ? undefined : `${lacking} is not installed`;
}

export type NodeName = 'n1' | 'n2';

/**
 * A cluster of a test: munged, slurmctld, and two nodes with two processors each. Controller and nodes have network
 * namespaces of their own; this machine is the login node. Files, processes and clocks are this machine's.
 */
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
  killNode(name: NodeName): Promise<void>;
  startNode(name: NodeName): Promise<void>;
  /** Takes a node, or the login node, off the network. */
  cut(place: NodeName | 'login'): void;
  mend(place: NodeName | 'login'): void;
  stop(): Promise<void>;
}

const prefix = 'privatesnn-slurm-';
const controller = 'control';
/** What a cluster's folder has: the process that it is there for. */
const ownerFile = 'owner';

/** @param slurmdTimeout seconds after which the controller gives up a node that does not answer */
export async function startSlurm(slurmdTimeout = 15): Promise<SlurmCluster> {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), prefix));
  writeFileSync(join(folder, ownerFile), String(process.pid));
  const daemons = new Map<string, ChildProcess>();
  let network: Network | undefined;
  const end = async () => {
    for (const name of daemons.keys()) await kill(name);
    killAllOf(folder);
    await network?.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  const kill = async (name: string) => {
    const child = daemons.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  };
  try {
    const cable = `psnn-${basename(folder).slice(prefix.length)}`;
    network = await openNetwork(cable, [controller, 'n1', 'n2']);
    return await startIn(folder, network, daemons, kill, end, slurmdTimeout);
  } catch (error) {
    await end();
    throw error;
  }
}

async function startIn(
  folder: string,
  network: Network,
  daemons: Map<string, ChildProcess>,
  kill: (name: string) => Promise<void>,
  end: () => Promise<void>,
  slurmdTimeout: number,
): Promise<SlurmCluster> {
  const conf = join(folder, 'slurm.conf');
  const environment = { SLURM_CONF: conf };
  const { username } = userInfo();
  for (const name of ['state', 'n1', 'n2']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'munge.key'), randomBytes(128), { mode: 0o600 });
  writeFileSync(conf, settings(folder, network, username, slurmdTimeout));

  const start = (host: string, program: string, args: readonly string[]) =>
    void daemons.set(
      program === 'munged' ? program : host,
      network.start(host, program, args, environment),
    );
  const ask = (program: string, ...args: string[]) =>
    spawnSync(program, args, { env: { ...path, ...environment }, encoding: 'utf8' }).stdout.trim();
  const queue = () =>
    ask('squeue', '--noheader', '--array', '--format=%i %T').split('\n').filter(Boolean);
  const startController = async () => {
    start(controller, 'slurmctld', ['-D']);
    await until(() => ask('sinfo', '--noheader').includes('work'), 'a controller that answers');
  };
  const startNode = (name: string) => {
    start(name, 'slurmd', ['-D', '-N', name]);
    const state = () => ask('sinfo', '--noheader', `--nodes=${name}`, '--format=%T');
    return until(() => /^(idle|mixed|allocated|completing)$/.test(state()), `node ${name}`);
  };
  const hostOf = (place: NodeName | 'login') => (place === 'login' ? thisMachine : place);

  const own = (name: string) => join(folder, `munge.${name}`);
  const files = ['key', 'socket', 'pid', 'log', 'seed'].map((name) =>
    name === 'socket' ? `--socket=${own(name)}` : `--${name}-file=${own(name)}`,
  );
  // Its socket is a file: it serves all hosts.
  start(controller, 'munged', ['--foreground', '--force', ...files]);
  await until(() => textOf(own('pid')) !== '', 'munged');
  await startController();
  await Promise.all([startNode('n1'), startNode('n2')]);
  return {
    conf,
    ask,
    queue,
    startController,
    startNode,
    killNode: kill,
    stopController: () => kill(controller),
    cut: (place) => network.cut(hostOf(place)),
    mend: (place) => network.mend(hostOf(place)),
    async stop() {
      ask('scancel', '--full', '--signal=KILL', `--user=${username}`);
      ask('scancel', `--user=${username}`);
      const limit = performance.now() + 10_000;
      const left = () => ask('squeue', '--noheader', '--states=all', '--format=%T');
      const busy = () => /RUNNING|COMPLETING|PENDING/.test(left()) && performance.now() < limit;
      await until(() => !busy(), 'an empty queue');
      await end();
    },
  };
}

/** Ends and removes what clusters have left whose test was killed. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((each) => each.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const owner = textOf(join(folder, ownerFile));
    // One that is just being made has no owner yet.
    if (owner === '' || textOf(`/proc/${owner}/stat`) !== '') continue;
    killAllOf(folder);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** SIGKILL to all processes on the hosts of a cluster: they have its folder in their environment. */
function killAllOf(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const environment = textOf(`/proc/${pid}/environ`).split('\0');
    const own = environment.includes(`SLURM_CONF=${folder}/slurm.conf`);
    if (own && isElsewhere(Number(pid))) killTree(Number(pid));
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const settings = (
  folder: string,
  network: Network,
  user: string,
  slurmdTimeout: number,
) => `ClusterName=test
SlurmctldHost=localhost(${network.address(controller)})
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
SlurmdTimeout=${slurmdTimeout}
SchedulerParameters=batch_sched_delay=0,sched_min_interval=100000,bf_interval=1
SlurmdParameters=config_overrides
NodeName=n1 NodeHostname=localhost NodeAddr=${network.address('n1')} Port=17001 CPUs=2 RealMemory=2000
NodeName=n2 NodeHostname=localhost NodeAddr=${network.address('n2')} Port=17002 CPUs=2 RealMemory=2000
PartitionName=work Nodes=n1,n2 Default=YES MaxTime=60 State=UP
`;
