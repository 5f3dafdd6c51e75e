import { afterEach, describe, expect, test, vi } from 'vitest';
import { api, ApiError, request, whenSignedOut } from '../src/api';

function answer(status: number, body: string | null, headers: Record<string, string> = {}) {
  const fetched = vi.fn(async (_path: string, _init: RequestInit) => new Response(body, { status, headers }));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const caught = await call.then(() => null, (cause: unknown) => cause);
  expect(caught).toBeInstanceOf(ApiError);
  return caught as ApiError;
}

afterEach(() => {
  vi.unstubAllGlobals();
  whenSignedOut(() => {});
});

describe('a problem document', () => {
  test('gives its detail, code, hint and request id', async () => {
    answer(409, JSON.stringify({ title: 'Conflict', detail: 'The job has not failed', code: 'job.not_failed', hint: 'Wait', request_id: 'req_1' }));
    const error = await failure(api.retry('a'));
    expect(error).toMatchObject({ status: 409, code: 'job.not_failed', message: 'The job has not failed', hint: 'Wait', requestId: 'req_1' });
  });

  test('of wrong types is not trusted', async () => {
    answer(400, JSON.stringify({ title: 7, detail: { a: 1 }, code: null }), { 'x-request-id': 'req_2' });
    const error = await failure(api.health());
    expect(error).toMatchObject({ code: '', detail: '', requestId: 'req_2' });
    expect(error.message).not.toBe('');
  });
});

test('an error page of a proxy still says what is known', async () => {
  answer(502, '<html>Bad gateway</html>', { 'x-request-id': 'req_3' });
  const error = await failure(api.overview());
  expect(error.status).toBe(502);
  expect(error.hint).toContain('log');
  expect(error.requestId).toBe('req_3');
});

test('a server that is away is status 0 with a hint', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  const error = await failure(api.health());
  expect(error).toMatchObject({ status: 0, code: 'console.unreachable' });
  expect(error.hint).toContain('running');
});

test('a time-out is told from an unreachable server', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new DOMException('late', 'TimeoutError')));
  expect((await failure(api.health())).code).toBe('console.timeout');
});

test('an aborted call rejects with the abort, not with an error for people', async () => {
  const abort = new AbortController();
  abort.abort();
  vi.stubGlobal('fetch', () => Promise.reject(abort.signal.reason));
  await expect(request('/x', { signal: abort.signal })).rejects.toHaveProperty('name', 'AbortError');
});

test('a success that is not JSON is an error', async () => {
  answer(200, '<html>Welcome to the hotel</html>');
  expect((await failure(api.health())).code).toBe('console.not_json');
});

test('an unwell server still tells its health; a problem document does not pass for it', async () => {
  answer(503, '{"status":"degraded","components":{}}', { 'content-type': 'application/json' });
  expect((await api.health()).status).toBe('degraded');
  answer(503, '{"status":503,"detail":"down"}', { 'content-type': 'application/problem+json' });
  expect((await failure(api.health())).message).toBe('down');
});

test('204 is an answer without a body', async () => {
  answer(204, null);
  await expect(api.revive('a')).resolves.toBeUndefined();
});

describe('the end of a session', () => {
  test('is told when any call is answered 401', async () => {
    const told = vi.fn();
    whenSignedOut(told);
    answer(401, '{}');
    await failure(api.overview());
    expect(told).toHaveBeenCalledOnce();
  });
  test('is not concluded from a wrong sign-in code', async () => {
    const told = vi.fn();
    whenSignedOut(told);
    answer(401, '{}');
    await failure(api.login('wrong'));
    expect(told).not.toHaveBeenCalled();
  });
});

test('calls that change something carry the console header; reads do not', async () => {
  const fetched = answer(200, '{}');
  await api.grant({ channel: 'b2b', owner: 'o', amount: 5, reason: 'r' });
  await api.health();
  const headers = fetched.mock.calls.map(([, init]) => init.headers as Record<string, string>);
  expect(headers[0]).toMatchObject({ 'x-selvage-console': '1', 'content-type': 'application/json' });
  expect(headers[1]).not.toHaveProperty('x-selvage-console');
});

test('filters that are not set are left out, and values are escaped', async () => {
  const fetched = answer(200, '{"jobs":[],"next_cursor":null}');
  await api.jobs({ status: 'failed', channel: undefined, owner: 'a&b=c' }, 50, null);
  await api.job('../admin');
  expect(fetched.mock.calls[0]![0]).toBe('/v1/jobs?limit=50&status=failed&owner=a%26b%3Dc');
  expect(fetched.mock.calls[1]![0]).toBe('/v1/jobs/..%2Fadmin');
});
