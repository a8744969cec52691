import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What a request gets instead of its answer: a status with the code of an error, or a connection that is cut. */
export type Fault = { readonly status: number; readonly code: string } | 'cut' | 'cut after';

export interface FakeS3 {
  readonly endpoint: string;
  readonly objects: Map<string, { readonly bytes: Buffer; readonly etag: string }>;
  /** Requests so far: "PUT key". */
  readonly requests: string[];
  /** Says which requests fail; asked for each. */
  fault: (method: string, key: string) => Fault | undefined;
  /** Whether conditions of writes are heeded. */
  conditions: boolean;
  end(): Promise<void>;
}

const pageSize = 3;

/**
 * The part of S3 that a cache uses, over HTTP and in memory, for one bucket `b`: objects with their tags, conditional
 * writes and removals, listings in pages of three. It does not look at signatures.
 */
export async function fakeS3(): Promise<FakeS3> {
  const server = createServer((request, response) => {
    void answer(fake, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const fake: FakeS3 = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects: new Map(),
    requests: [],
    fault: () => undefined,
    conditions: true,
    end: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
  return fake;
}

async function answer(
  fake: FakeS3,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', headers } = request;
  const { pathname, searchParams } = new URL(request.url ?? '', fake.endpoint);
  const [bucket, ...rest] = decodeURIComponent(pathname).slice(1).split('/');
  const key = rest.join('/');
  const body = await buffer(request);
  fake.requests.push(`${method} ${key}`);
  const fault = fake.fault(method, key);
  if (fault === 'cut') return void response.destroy();
  const fail = (status: number, code: string) => {
    response.writeHead(status, { 'content-type': 'application/xml' });
    const text = `<Error><Code>${code}</Code><Message>${code} it is</Message></Error>`;
    // As HTTP has it: an answer to HEAD has no body.
    response.end(method === 'HEAD' ? undefined : text);
  };
  if (typeof fault === 'object') return fail(fault.status, fault.code);
  if (bucket !== 'b') return fail(404, 'NoSuchBucket');
  if (method === 'GET' && key === '') return void response.end(listing(fake, searchParams));

  const found = fake.objects.get(key);
  const holds =
    !fake.conditions ||
    ((headers['if-none-match'] !== '*' || !found) &&
      (headers['if-match'] === undefined || !found || headers['if-match'] === found.etag));
  if (method === 'PUT') {
    if (fake.conditions && headers['if-match'] !== undefined && !found)
      return fail(404, 'NoSuchKey');
    if (!holds) return fail(412, 'PreconditionFailed');
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    fake.objects.set(key, { bytes: body, etag });
    // What was written, and nobody was told.
    if (fault === 'cut after') return void response.destroy();
    response.writeHead(200, { etag }).end();
  } else if (method === 'DELETE') {
    if (!holds) return fail(412, 'PreconditionFailed');
    fake.objects.delete(key);
    response.writeHead(204).end();
  } else if (!found) {
    fail(404, 'NoSuchKey');
  } else {
    const { bytes, etag } = found;
    response.writeHead(200, { etag, 'content-length': bytes.length });
    response.end(method === 'HEAD' ? undefined : bytes);
  }
}

function listing({ objects }: FakeS3, query: URLSearchParams): string {
  const prefix = query.get('prefix') ?? '';
  const after = query.get('continuation-token') ?? '';
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const page = keys.slice(0, pageSize);
  const contents = page.map((key) => {
    const { bytes, etag } = objects.get(key)!;
    const modified = new Date().toISOString();
    return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><ETag>${etag}</ETag><LastModified>${modified}</LastModified></Contents>`;
  });
  const more = keys.length > pageSize;
  const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`;
}
