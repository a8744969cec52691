import { UserError } from '@privatesnn/core';

/** A Redis server, and the queue on it. It may hold a password: print `shownUrl`, never this. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly tls: boolean;
  /** File of certificates to trust instead of those that Node trusts. */
  readonly authority: string | undefined;
  /** Name of the queue: what all keys begin with. */
  readonly queue: string;
}

export interface EndpointRequest {
  /** PRIVATESNN_REDIS when left out. */
  readonly url?: string | undefined;
  /** Goes before the one in the URL. */
  readonly queue?: string | undefined;
  /** PRIVATESNN_REDIS_CA when left out. */
  readonly ca?: string | undefined;
}

export const queueForm = /^[\w.-]+$/;
const defaultQueue = 'privatesnn';
const defaultPort = 6379;
const example = 'redis://HOST:6379 or rediss://USER:PASSWORD@HOST:6379/0?queue=NAME';

/**
 * @param environment its PRIVATESNN_REDIS may hold a URL with a password, which then stands in no file
 * @throws UserError REDIS_URL, which never repeats the URL
 */
export function endpointOf(request: EndpointRequest, environment: NodeJS.ProcessEnv): Endpoint {
  const text = request.url ?? environment['PRIVATESNN_REDIS'];
  if (!text) {
    throw badUrl(
      'The launcher "bullmq" needs the URL of a Redis server.',
      `Give it as option "url" or in the environment variable PRIVATESNN_REDIS: ${example}.`,
    );
  }
  const url = parsed(text);
  const named = url.searchParams.get('queue') ?? undefined;
  const queue = request.queue ?? named ?? defaultQueue;
  if (!queueForm.test(queue)) {
    throw badUrl(`The name of a queue has letters, digits, "_", "-" and ".": not "${queue}".`);
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? defaultPort : Number(url.port),
    database: Number(url.pathname.slice(1)),
    username: decoded(url.username),
    password: decoded(url.password),
    tls: url.protocol === 'rediss:',
    authority: request.ca ?? (environment['PRIVATESNN_REDIS_CA'] || undefined),
    queue,
  };
}

/** The URL without user and password. */
export function shownUrl({ host, port, database, tls, queue }: Endpoint): string {
  const name = host.includes(':') ? `[${host}]` : host;
  const where = database === 0 ? '' : `/${database}`;
  const which = queue === defaultQueue ? '' : `?queue=${queue}`;
  return `${tls ? 'rediss' : 'redis'}://${name}:${port}${where}${which}`;
}

/** Whether a worker is to join such a queue: by its URL, or, as "bullmq", by the environment. */
export const isEndpoint = (where: string) => where === 'bullmq' || /^rediss?:/i.test(where);

function parsed(text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw badUrl(
      'The URL of the Redis server is none (it is not shown, as it may hold a password).',
    );
  }
  const { protocol, hostname, pathname, hash, searchParams } = url;
  if (!['redis:', 'rediss:'].includes(protocol)) {
    throw badUrl(
      `The URL of the Redis server begins with "${protocol}", not with redis: or rediss:.`,
    );
  }
  // A password with a slash or a hash cuts the URL in two.
  if (hostname === '' || hash !== '' || `${pathname}${url.search}`.includes('@')) {
    throw badUrl('The URL of the Redis server has no host, or a part behind "#".');
  }
  if (!/^(\/\d{0,4})?$/.test(pathname)) {
    throw badUrl('The path of the URL of the Redis server is no number of a database.');
  }
  const unknown = [...searchParams.keys()].filter((name) => name !== 'queue');
  if (unknown.length > 0) {
    throw badUrl(
      `The URL of the Redis server has "${unknown.join(', ')}" behind "?"; known is queue.`,
    );
  }
  return url;
}

function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw badUrl('User or password in the URL of the Redis server has a "%" that is not %25.');
  }
}

const badUrl = (
  message: string,
  hint = `Expected ${example}; in a password, / is %2F, # is %23, @ is %40.`,
) => new UserError('configuration', 'REDIS_URL', message, { hint });
