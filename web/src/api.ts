// Calls to the HTTP API. A call answers with the decoded body or throws an ApiError, which always holds a sentence for
// people, and whatever the problem document (RFC 9457) said beyond it.

import type {
  Balance,
  Channel,
  DeadTask,
  Delivery,
  Health,
  Job,
  JobFilter,
  JobPage,
  Overview,
  Session,
  SizeAnswer,
  Timeline,
  Webhook,
} from './types';

export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number, // 0: no answer came
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly hint: string,
    readonly requestId: string,
  ) {
    super(detail || title);
  }
}

const TIMEOUT_MS = 20_000;
const SIZING_TIMEOUT_MS = 60_000; // a large photo over a slow line comes on top of the server's own limit
let onSignedOut: () => void = () => {};

/** `handler` runs whenever the server says that the session is over. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

async function problem(response: Response): Promise<ApiError> {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = await response.json();
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Record<string, unknown>;
  } catch {
    // A proxy in between may answer with a page of its own; the status then says what is known.
  }
  const title = text(body.title) || response.statusText || `The server answered ${response.status}`;
  return new ApiError(
    response.status,
    text(body.code),
    title,
    text(body.detail),
    text(body.hint) || hintFor(response.status),
    text(body.request_id) || (response.headers.get('x-request-id') ?? ''),
  );
}

function hintFor(status: number): string {
  if (status === 429) return 'Wait a minute and try again.';
  if (status >= 500) return 'Look at the server’s log for the request id below, then try again.';
  return '';
}

function unreachable(cause: unknown): ApiError {
  const late = cause instanceof DOMException && cause.name === 'TimeoutError';
  return new ApiError(
    0,
    late ? 'console.timeout' : 'console.unreachable',
    late ? 'The server did not answer in time' : 'The server cannot be reached',
    '',
    'Check that selvage is running and that this machine can reach it.',
    '',
  );
}

interface Call {
  method?: 'GET' | 'POST';
  body?: object;
  form?: FormData;
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  keepSession?: boolean; // a 401 is this call's own answer, not the end of the session
  unwellIsAnswer?: boolean; // a 503 that is no problem document is an answer too: /health when degraded
}

/** The decoded JSON body; undefined for an empty one. Aborting `signal` rejects with its AbortError. */
export async function request<T>(path: string, call: Call = {}): Promise<T> {
  const method = call.method ?? 'GET';
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET') headers['x-selvage-console'] = '1';
  if (call.body) headers['content-type'] = 'application/json';
  const timeout = AbortSignal.timeout(call.timeoutMs ?? TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      signal: call.signal ? AbortSignal.any([call.signal, timeout]) : timeout,
      ...(call.body ? { body: JSON.stringify(call.body) } : call.form ? { body: call.form } : {}),
    });
  } catch (cause) {
    if (call.signal?.aborted) throw cause;
    throw unreachable(cause);
  }
  const isProblem = (response.headers.get('content-type') ?? '').startsWith('application/problem+json');
  const answered = response.ok || (call.unwellIsAnswer && response.status === 503 && !isProblem);
  if (!answered) {
    const error = await problem(response);
    if (response.status === 401 && !call.keepSession) onSignedOut();
    throw error;
  }
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch (cause) {
    if (call.signal?.aborted) throw cause;
    throw new ApiError(response.status, 'console.not_json', 'The answer is not JSON', '',
      'Something between this browser and selvage may have replaced it.',
      response.headers.get('x-request-id') ?? '');
  }
}

function query(values: Record<string, string | number | undefined | null>): string {
  const used = Object.entries(values).filter(([, value]) => value !== undefined && value !== null && value !== '');
  if (used.length === 0) return '';
  return `?${new URLSearchParams(used.map(([key, value]) => [key, String(value)]))}`;
}

const id = encodeURIComponent;

export const api = {
  login: (code: string) =>
    request<void>('/v1/console/login', { method: 'POST', body: { code }, keepSession: true }),
  logout: () => request<void>('/v1/console/logout', { method: 'POST', keepSession: true }),
  session: () => request<Session>('/v1/console/session', { keepSession: true }),

  jobs: (filter: JobFilter, limit: number, cursor?: string | null, signal?: AbortSignal) =>
    request<JobPage>(`/v1/jobs${query({ limit, cursor, ...filter })}`, { signal }),
  job: (jobId: string, signal?: AbortSignal) => request<Job>(`/v1/jobs/${id(jobId)}`, { signal }),
  retry: (jobId: string) => request<Job>(`/v1/jobs/${id(jobId)}/retry`, { method: 'POST' }),
  cancel: (jobId: string) => request<Job>(`/v1/jobs/${id(jobId)}/cancel`, { method: 'POST' }),

  overview: (signal?: AbortSignal) => request<Overview>('/v1/console/overview', { signal }),
  timeline: (minutes: number, signal?: AbortSignal) =>
    request<Timeline>(`/v1/console/timeline${query({ minutes })}`, { signal }),
  health: (signal?: AbortSignal) => request<Health>('/health', { signal, unwellIsAnswer: true }),

  credits: (signal?: AbortSignal) =>
    request<{ balances: Balance[] }>('/v1/console/credits', { signal }),
  grant: (grant: { channel: Channel; owner: string; amount: number; reason: string }) =>
    request<Balance>('/v1/console/credits', { method: 'POST', body: grant }),

  dead: (limit: number, signal?: AbortSignal) =>
    request<{ tasks: DeadTask[] }>(`/v1/console/dead${query({ limit })}`, { signal }),
  revive: (taskId: string, queue?: string) =>
    request<void>(`/v1/console/dead/${id(taskId)}/revive${query({ queue })}`, { method: 'POST' }),
  pauseQueue: (queue: string, paused: boolean) =>
    request<void>(`/queues/${id(queue)}/${paused ? 'pause' : 'resume'}`, { method: 'POST' }),

  /** `form`: image, height_cm, and sex, fit if told. A refusal (422) rejects with the reason and how to do better. */
  estimateBody: (form: FormData, signal?: AbortSignal) =>
    request<SizeAnswer>('/estimate-body?include=pose', { method: 'POST', form, signal, timeoutMs: SIZING_TIMEOUT_MS }),

  webhooks: (signal?: AbortSignal) => request<{ webhooks: Webhook[] }>('/v1/webhooks', { signal }),
  enableWebhook: (webhookId: string) =>
    request<Webhook>(`/v1/webhooks/${id(webhookId)}/enable`, { method: 'POST' }),
  deliveries: (limit: number, signal?: AbortSignal) =>
    request<{ deliveries: Delivery[] }>(`/v1/webhooks/deliveries${query({ limit })}`, { signal }),
  replay: (deliveryId: string) =>
    request<Delivery>(`/v1/webhooks/deliveries/${id(deliveryId)}/replay`, { method: 'POST' }),
};
