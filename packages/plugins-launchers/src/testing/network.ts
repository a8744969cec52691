import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';

import { until } from './redis-server.js';

// Debian's administrative programs lie where users do not look.
export const path = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** Why networks of a test cannot be made here; undefined where they can. */
export function noNetwork(): string | undefined {
  if (process.getuid?.() !== 0) return 'a network of a test needs root';
  const programs = ['ip', 'unshare', 'nsenter', 'setpriv'];
  const lacking = programs.find((name) => spawnSync(name, ['-V'], { env: path }).error);
  if (lacking !== undefined) return `${lacking} is not installed`;
  const tried = ['--net', 'sh', '-c', 'ip link add type veth && ip link add type bridge'];
  const { status } = spawnSync('unshare', tried, { env: path });
  return status === 0 ? undefined : 'network namespaces cannot be made here (CAP_NET_ADMIN)';
}

/**
 * A network of a test: a namespace for each host, all joined by cables to a bridge. Its first host has the bridge in its
 * namespace, and this machine itself is on it, too. Namespaces have no names: they, and the cables with them, are gone
 * with the processes in them, which end with this one, also when it is killed.
 */
export interface Network {
  /** Address of a host. */
  address(host: string): string;
  /** Starts a program on a host. */
  start(
    host: string,
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): ChildProcess;
  /** Takes a host off the network: nothing comes through, and nobody is told. */
  cut(host: string): void;
  mend(host: string): void;
  /** Takes this machine off the network, and ends what keeps the namespaces. */
  remove(): Promise<void>;
}

/** The host that is this machine. */
export const thisMachine = 'here';

/**
 * @param cable name of this machine's end of its cable, unique here; 15 characters at most
 * @param hosts their names, short
 */
export async function openNetwork(
  cable: string,
  hosts: readonly [string, ...string[]],
): Promise<Network> {
  const keepers = new Map<string, ChildProcess>();
  const [first] = hosts;
  const inside = (host: string) => [
    'nsenter',
    `--net=/proc/${keepers.get(host)!.pid}/ns/net`,
    '--',
  ];
  const ip = (host: string, command: string) => {
    const [program = '', ...args] = [...(host === thisMachine ? [] : inside(host)), 'ip'];
    const { status, stderr } = spawnSync(program, [...args, ...command.split(' ')], {
      env: path,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`ip ${command} on ${host}: ${stderr}`);
  };
  const part = freePart();
  const places = [...hosts, thisMachine];
  const address = (host: string) => `${part}.${places.indexOf(host) + 1}`;
  const portOf = (host: string) => `to-${host}`;
  const remove = async () => {
    // The cable goes with its other end, a moment later than the process: so it is gone for certain.
    spawnSync('ip', ['link', 'delete', cable], { env: path });
    for (const keeper of keepers.values()) {
      if (keeper.exitCode !== null || keeper.signalCode !== null) continue;
      keeper.kill('SIGKILL');
      await once(keeper, 'exit');
    }
  };

  try {
    for (const host of hosts) {
      const keeper = spawn(...endingWithThis('unshare', '--net', 'sleep', 'infinity'), {
        env: path,
        stdio: 'ignore',
      });
      keepers.set(host, keeper);
      await until(() => isElsewhere(keeper.pid!), 'a namespace');
      ip(host, 'link set lo up');
    }
    ip(first, 'link add bridge type bridge');
    ip(first, `address add ${address(first)}/24 dev bridge`);
    ip(first, 'link set bridge up');
    for (const host of places.slice(1)) {
      const end = host === thisMachine ? cable : 'cable';
      const keeper = keepers.get(first)!.pid;
      ip(host, `link add ${end} type veth peer name ${portOf(host)} netns ${keeper}`);
      ip(first, `link set ${portOf(host)} master bridge up`);
      ip(host, `address add ${address(host)}/24 dev ${end}`);
      ip(host, `link set ${end} up`);
    }
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    address,
    start: (host, program, args, env) =>
      spawn(...endingWithThis(...inside(host), program, ...args), {
        env: { ...path, ...env },
        stdio: 'ignore',
      }),
    cut: (host) => ip(first, `link set ${portOf(host)} down`),
    mend: (host) => ip(first, `link set ${portOf(host)} up`),
    remove,
  };
}

/** A program that ends when this process does, however that ends. */
const endingWithThis = (...command: readonly string[]): [string, string[]] => [
  'setpriv',
  ['--pdeathsig', 'KILL', ...command],
];

/** Whether a process has another network than this one. */
export function isElsewhere(pid: number): boolean {
  const [there, here] = [namespaceOf(pid), namespaceOf(process.pid)];
  return there !== undefined && there !== here;
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

/** The first three numbers of addresses that this machine does not use, of those that are for tests (RFC 2544). */
function freePart(): string {
  const used = spawnSync('ip', ['-4', '-oneline', 'address'], {
    env: path,
    encoding: 'utf8',
  }).stdout;
  const parts = Array.from({ length: 512 }, (_, each) => `198.${18 + (each >> 8)}.${each & 255}`);
  const free = parts.filter((part) => !used.includes(` ${part}.`));
  // Two tests that begin at once hardly choose the same.
  return free[Math.floor(performance.now() * 1000 + process.pid) % free.length]!;
}
