import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';

import { endpointOf, isEndpoint, shownUrl } from './endpoint.js';

test('host, port, database, user, password and queue are in the URL, the rest is usual', () => {
  expect(endpointOf({ url: 'rediss://ann:p%40ss@host:7000/3?queue=night' }, {})).toEqual({
    host: 'host',
    port: 7000,
    database: 3,
    username: 'ann',
    password: 'p@ss',
    tls: true,
    authority: undefined,
    queue: 'night',
  });
  expect(endpointOf({ url: 'redis://host' }, {})).toMatchObject({
    port: 6379,
    database: 0,
    username: undefined,
    password: undefined,
    tls: false,
    queue: 'privatesnn',
  });
});

test('what is not said is in the environment; an option goes before the URL', () => {
  const environment = {
    PRIVATESNN_REDIS: 'redis://:secret@there?queue=one',
    PRIVATESNN_REDIS_CA: 'ca.pem',
  };
  const found = endpointOf({ queue: 'two' }, environment);
  expect(found).toMatchObject({
    host: 'there',
    password: 'secret',
    queue: 'two',
    authority: 'ca.pem',
  });
  expect(endpointOf({ url: 'redis://here' }, environment)).toMatchObject({
    host: 'here',
    password: undefined,
  });
  expect(() => endpointOf({}, {})).toThrow(/needs the URL/);
});

property.prop([
  fc.string({ minLength: 12, maxLength: 20 }).filter((text) => !/^[\w.-]*$/.test(text)),
  fc.constantFrom('redis', 'rediss', 'http'),
  fc.boolean(),
])('a password is shown neither in the URL nor in an error', (password, scheme, escaped) => {
  const written = escaped ? encodeURIComponent(password) : password;
  const url = `${scheme}://user:${written}@host:1234/0`;
  let shown: string;
  try {
    const endpoint = endpointOf({ url }, {});
    shown = shownUrl(endpoint);
    if (escaped) expect(endpoint.password).toBe(password);
  } catch (error) {
    shown = JSON.stringify([(error as Error).message, (error as { hint?: string }).hint]);
    expect(error).toMatchObject({ code: 'REDIS_URL' });
  }
  expect(shown).not.toContain(password);
  expect(shown).not.toContain(written);
});

test.each([
  'host:6379',
  'http://host',
  'redis://',
  'redis://host/night',
  'redis://host?prefix=x',
  'redis://user:12#34@host',
  'redis://user:12/34@host',
  'redis://user:%zz@host',
  'redis://host?queue=a:b',
])('%s is no URL of a queue', (url) => {
  expect(() => endpointOf({ url }, {})).toThrow(expect.objectContaining({ code: 'REDIS_URL' }));
});

test('the URL that is shown leads to the same queue', () => {
  for (const url of ['redis://host:6379', 'rediss://[::1]:7/2?queue=q']) {
    expect(shownUrl(endpointOf({ url }, {}))).toBe(url);
  }
});

test('workers join by URL, or by the environment', () => {
  const places = ['redis://host', 'REDISS://host', 'bullmq', 'runs/redis', '/shared/runs/x'];
  expect(places.map(isEndpoint)).toEqual([true, true, true, false, false]);
});
