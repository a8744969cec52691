import { readFileSync } from 'node:fs';

import type { Redis } from 'ioredis';

import { UserError } from '@privatesnn/core';

import { shownUrl, type Endpoint } from './endpoint.js';

export interface ConnectRequest {
  /** Tells that Redis does not answer, and that it does so again. */
  readonly tell: (message: string) => void;
  /** Whether a server that is not there yet is waited for. */
  readonly patient: boolean;
  readonly signal?: AbortSignal;
}

/** Milliseconds until a server that is not there is an error, or worth a message. */
const impatience = 5000;
const outage = 2000;
const oldest = [6, 2] as const;

/**
 * A connection that comes back by itself, however long that takes; what is asked meanwhile waits.
 *
 * @throws UserError where the server is no right one: name, password, certificate, version; and, unless patient, where
 *   it does not answer
 */
export async function connect(endpoint: Endpoint, request: ConnectRequest): Promise<Redis> {
  const { Redis } = await import('ioredis');
  const { host, port, database: db, username, password } = endpoint;
  const client = new Redis({
    host,
    port,
    db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(endpoint.tls ? { tls: tlsOf(endpoint) } : {}),
    lazyConnect: true,
    // Commands wait for as long as it takes.
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 6), 2000),
    connectTimeout: 5000,
    // Of a network that was cut nothing is heard: the longest wait for an answer is 5 s.
    socketTimeout: 10_000,
    keepAlive: 5000,
    reconnectOnError: ({ message }) => (message.startsWith('READONLY') ? 2 : false),
  });
  try {
    await firstReady(client, endpoint, request);
    checkVersion(client, endpoint);
  } catch (error) {
    client.disconnect();
    throw error;
  }
  watchOutages(client, endpoint, request.tell);
  return client;
}

/** A second connection to the same server; the first one tells of outages. */
export function again(client: Redis): Redis {
  const second = client.duplicate({ lazyConnect: false });
  second.on('error', () => undefined);
  return second;
}

function tlsOf({ authority, host }: Endpoint) {
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  if (authority === undefined) return servername;
  try {
    return { ...servername, ca: readFileSync(authority, 'utf8') };
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(
      'configuration',
      'REDIS_CERTIFICATE',
      `The certificates for Redis cannot be read: ${message}`,
      { hint: 'Option "ca" of the launcher, or PRIVATESNN_REDIS_CA, names a file in PEM format.' },
    );
  }
}

function firstReady(
  client: Redis,
  endpoint: Endpoint,
  { tell, patient, signal }: ConnectRequest,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let reason = 'no answer';
    const late = () => {
      if (patient) tell(`${absent(endpoint, reason)} It is waited for.`);
      else end(unreachable(endpoint, reason));
    };
    const timer = setTimeout(late, patient ? outage : impatience);
    const onError = (error: NodeJS.ErrnoException) => {
      reason = error.message;
      const fatal = wrongServer(endpoint, error);
      if (fatal) end(fatal);
    };
    const onReady = () => end();
    const onAbort = () => end(new Error('ended'));
    const end = (error?: Error) => {
      clearTimeout(timer);
      client.off('ready', onReady);
      signal?.removeEventListener('abort', onAbort);
      client.off('error', onError);
      client.on('error', () => undefined);
      if (error) reject(error);
      else resolve();
    };
    client.on('error', onError);
    client.on('ready', onReady);
    signal?.addEventListener('abort', onAbort);
    // How it fails is told by its events.
    client.connect().catch(() => undefined);
  });
}

function watchOutages(client: Redis, endpoint: Endpoint, tell: (message: string) => void): void {
  let reason = 'no answer';
  let timer: NodeJS.Timeout | undefined;
  let told = false;
  client.on('error', ({ message }: Error) => {
    reason = message;
  });
  client.on('close', () => {
    timer ??= setTimeout(() => {
      told = true;
      tell(`${absent(endpoint, reason)} It is waited for; what works goes on.`);
    }, outage).unref();
  });
  client.on('ready', () => {
    clearTimeout(timer);
    timer = undefined;
    if (told) tell(`Redis at ${shownUrl(endpoint)} answers again.`);
    told = false;
  });
  client.on('end', () => clearTimeout(timer));
}

function checkVersion(client: Redis, endpoint: Endpoint): void {
  const info = (client as unknown as { serverInfo?: { redis_version?: string } }).serverInfo;
  const [major = 0, minor = 0] = (info?.redis_version ?? '99').split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  const message = `Redis at ${shownUrl(endpoint)} has version ${info?.redis_version}; ${oldest.join('.')} or later is needed.`;
  throw new UserError('environment', 'REDIS_VERSION', message);
}

const absent = (endpoint: Endpoint, reason: string) =>
  `Redis at ${shownUrl(endpoint)} does not answer (${reason}).`;

const unreachable = (endpoint: Endpoint, reason: string) =>
  new UserError('environment', 'REDIS_UNREACHABLE', absent(endpoint, reason), {
    hint: 'Is the server running, and its port open to this machine? rediss:// is for servers with TLS, redis:// for those without.',
  });

/** What waiting does not mend. */
function wrongServer(endpoint: Endpoint, { message, code = '' }: NodeJS.ErrnoException) {
  const where = shownUrl(endpoint);
  if (/^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR Client sent AUTH)/.test(message)) {
    return new UserError('environment', 'REDIS_PASSWORD', `Redis at ${where} says: ${message}`, {
      hint: 'Put the URL with user and password in the environment variable PRIVATESNN_REDIS: redis://USER:PASSWORD@HOST:6379.',
    });
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ISSUER/.test(code)) {
    return new UserError('environment', 'REDIS_CERTIFICATE', `Redis at ${where}: ${message}.`, {
      hint: 'Name the file of the certificate that signs it in PRIVATESNN_REDIS_CA, or as option "ca" of the launcher.',
    });
  }
  return code === 'ENOTFOUND' ? unreachable(endpoint, message) : undefined;
}
