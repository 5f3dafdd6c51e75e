// A stand-in for the selvage binary while working on the console: the same HTTP contract over an invented, living world.
//
//   node dev/api.mjs [--port 8099] [--pace JOBS_PER_SECOND] [--empty] [--static DIR]
//
// It serves the built console (npm run build) under the policy the binary uses. Nothing of it is part of a release.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { SignedPictures, page } from './files.mjs';
import { Problem } from './problem.mjs';
import { estimateBody } from './sizing.mjs';
import { World } from './world.mjs';

const MAX_BODY = 30 * 1024 * 1024;

const newCode = () => randomBytes(9).toString('base64url');

export async function startStandIn({ port = 0, pace, empty, onCode, root = fileURLToPath(new URL('../dist', import.meta.url)) } = {}) {
  const world = new World({ pace, empty });
  const pictures = new SignedPictures(world.jobs);
  const key = `sk_standin1_${randomBytes(24).toString('base64url')}`;
  const login = { code: newCode(), wrong: [] };
  const sessions = new Set();
  const replays = new Map();
  const streams = new Set();
  world.account('b2b', 'store-demo');

  const sign = (path) => pictures.address(path);

  function view(job, admin) {
    const { seed: _seed, fails: _fails, ends: _ends, ...rest } = job;
    const time = (ms) => (ms === null ? null : new Date(ms).toISOString());
    return {
      ...rest,
      created_at: time(job.created_at), started_at: time(job.started_at), finished_at: time(job.finished_at),
      result_url: job.status === 'completed' ? sign(`/files/results/${job.id}.svg`) : null,
      error: job.error && { code: job.error.code, message: job.error.message, ...(admin ? { detail: job.error.detail } : {}) },
      queue_ms: job.started_at === null ? null : job.started_at - job.created_at,
      processing_ms: job.finished_at === null || job.started_at === null ? null : job.finished_at - job.started_at,
      inputs: admin ? job.inputs ?? [sign(`/files/inputs/${job.id}/person.svg`), sign(`/files/inputs/${job.id}/garment-1.svg`)] : undefined,
    };
  }

  function who(request) {
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer) {
      if (bearer !== key) throw new Problem(401, 'auth.bad_key', 'The API key is not known', 'Make one with selvage keys.');
      return { admin: false, channel: 'b2b', owner: 'store-demo' };
    }
    const cookie = /selvage_console=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (!cookie || !sessions.has(cookie)) throw new Problem(401, 'auth.required', 'This needs an API key or a console session', 'Sign in, or send Authorization: Bearer sk_...');
    if (request.method !== 'GET' && request.headers['x-selvage-console'] !== '1') {
      throw new Problem(403, 'auth.csrf', 'The request does not come from the console');
    }
    return { admin: true, cookie };
  }

  function admin(request) {
    const caller = who(request);
    if (!caller.admin) throw new Problem(403, 'auth.right', 'This needs the right admin');
    return caller;
  }

  async function body(request) {
    const chunks = [];
    let size = 0;
    for await (const chunk of request) {
      size += chunk.length;
      if (size > MAX_BODY) throw new Problem(413, 'http.body_too_large', 'The body is over 30 MB');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  async function json(request) {
    try {
      return JSON.parse((await body(request)).toString());
    } catch {
      throw new Problem(400, 'json.syntax', 'The body is not JSON');
    }
  }

  async function submit(request) {
    const caller = who(request);
    const replay = request.headers['idempotency-key'];
    if (replay && replays.has(replay)) return { status: 200, headers: { 'idempotency-replayed': 'true' }, json: view(replays.get(replay), false) };
    let inputs = null;
    let fails = null;
    let credits = 1;
    if ((request.headers['content-type'] ?? '').startsWith('multipart/form-data')) {
      const text = (await body(request)).toString('latin1');
      for (const part of ['person', 'garment']) {
        if (!text.includes(`name="${part}"`)) throw new Problem(400, 'job.field_missing', `The part "${part}" is missing`, 'Send person and garment as files.');
      }
      const cutOff = text.includes('PNG') && text.split('IEND').length < 3; // each whole PNG ends so
      if (cutOff) fails = ['input_not_an_image', 'The person picture is not a picture we can read.', 'the PNG ends in the middle'];
    } else {
      const given = await json(request);
      if (typeof given.person_image_url !== 'string' || !Array.isArray(given.garment_image_urls)) {
        throw new Problem(400, 'job.field_missing', 'person_image_url and garment_image_urls are needed');
      }
      inputs = [given.person_image_url, ...given.garment_image_urls];
      credits = given.credits ?? 1;
      if (inputs.some((url) => new URL(url).hostname.endsWith('.invalid'))) {
        fails = ['input_unreachable', 'The person picture could not be loaded.', 'the host name does not exist'];
      }
    }
    const owner = { channel: caller.channel ?? 'b2b', owner: caller.owner ?? 'store-demo' };
    if (world.balance(owner.channel, owner.owner).balance < credits) {
      throw new Problem(402, 'credits.too_few', `Owner ${owner.owner} has too few credits`, 'Grant credits in the console.');
    }
    const job = world.create({ ...owner, credits, inputs, fails });
    if (replay) replays.set(replay, job);
    return { status: 202, headers: { location: `/v1/jobs/${job.id}` }, json: view(job, false) };
  }

  function find(id, caller) {
    const job = world.jobs.get(id);
    if (!job || (!caller.admin && job.owner !== caller.owner)) throw new Problem(404, 'job.not_found', `There is no job ${id}`);
    return job;
  }

  function list(caller, search) {
    const limit = Math.min(200, Math.max(1, Number(search.get('limit') ?? 50)));
    const before = Number(search.get('cursor') ?? Infinity);
    const wanted = ['status', 'channel', 'owner'].filter((name) => search.get(name));
    const all = [...world.jobs.values()].map((job, place) => ({ job, place })).reverse()
      .filter(({ job, place }) => place < before && (caller.admin || job.owner === caller.owner) && wanted.every((name) => job[name] === search.get(name)));
    const page = all.slice(0, limit);
    return { jobs: page.map(({ job }) => view(job, caller.admin)), next_cursor: all.length > limit ? String(page.at(-1).place) : null };
  }

  async function signIn(request) {
    const { code } = await json(request);
    const now = Date.now();
    login.wrong = login.wrong.filter((at) => at > now - 60_000);
    if (login.wrong.length >= 5) throw new Problem(429, 'console.too_many_attempts', 'Too many wrong codes', 'Wait a minute.');
    if (code !== login.code) {
      login.wrong.push(now);
      throw new Problem(401, 'console.bad_code', 'The code is wrong or was used already', 'Run selvage console-login for a new one.');
    }
    login.code = newCode(); // a code works once
    onCode?.(login.code);
    const session = randomBytes(24).toString('base64url');
    sessions.add(session);
    return { status: 204, headers: { 'set-cookie': `selvage_console=${session}; HttpOnly; SameSite=Strict; Path=/` } };
  }

  function stream(request, response) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    let id = 0;
    const send = (event, data) => response.write(`id: ${(id += 1)}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    const state = () => send('queues', { queues: world.queues(), counts: world.counts() });
    const listener = (job) => send('job', view(job, true));
    world.listeners.add(listener);
    streams.add(response);
    const timer = setInterval(state, 2_000);
    state();
    request.on('close', () => {
      clearInterval(timer);
      world.listeners.delete(listener);
      streams.delete(response);
    });
  }

  async function route(request, response) {
    const { pathname: path, searchParams: search } = new URL(request.url, 'http://stand-in');
    const at = `${request.method} ${path}`;
    const match = (pattern) => pattern.exec(at)?.[1];
    let id;
    if (at === 'GET /' || at === 'GET /console') return { status: 302, headers: { location: '/console/' } };
    if (at.startsWith('GET /console/')) return page(root, path);
    if (at.startsWith('GET /files/')) return pictures.serve(path, search);
    if (at === 'GET /health') return { json: { status: 'ok', version: '0.1.0', uptime_s: Math.floor((Date.now() - world.startedAt) / 1_000),
      components: { database: { status: 'ok', latency_ms: 0.4 }, storage: { status: 'ok', latency_ms: 0.2 }, queue: { status: 'ok', latency_ms: 0.6 }, provider: { status: 'ok', latency_ms: 12 } } } };
    if (at === 'GET /workers') return { json: { workers: world.workers() } };
    if (at === 'GET /queues') return { json: { queues: world.queues() } };
    if (at === 'POST /v1/jobs') return submit(request);
    if (at === 'GET /v1/jobs') return { json: list(who(request), search) };
    if (at === 'GET /v1/credits') return { json: world.balance('b2b', who(request).owner ?? 'store-demo') };
    if ((id = match(/^GET \/v1\/jobs\/([^/]+)$/))) return { json: view(find(id, who(request)), !!who(request).admin) };
    if ((id = match(/^POST \/v1\/jobs\/([^/]+)\/retry$/))) {
      const old = find(id, admin(request));
      if (old.status !== 'failed') throw new Problem(409, 'job.not_failed', 'Only a failed job can be retried');
      const made = world.create({ channel: old.channel, owner: old.owner, credits: old.credits, retryOf: old.id, inputs: old.inputs });
      return { status: 202, json: view(made, true) };
    }
    if ((id = match(/^POST \/v1\/jobs\/([^/]+)\/cancel$/))) {
      const job = find(id, who(request));
      if (job.finished_at !== null && job.error?.code !== 'cancelled') throw new Problem(409, 'job.over', `Job ${id} is ${job.status}, it cannot be cancelled any more`);
      if (job.finished_at === null) world.cancel(job);
      return { status: job.finished_at === null ? 202 : 200, json: view(job, true) };
    }
    if ((id = match(/^POST \/queues\/([^/]+)\/(?:pause|resume)$/))) {
      admin(request);
      if (decodeURIComponent(id) !== 'generation') throw new Problem(404, 'queue.unknown', `There is no queue ${id}`);
      if (at.endsWith('pause')) world.paused.add('generation');
      else world.paused.delete('generation');
      return { status: 204 };
    }
    if (at === 'GET /v1/webhooks') return admin(request) && { json: { webhooks: world.webhooks } };
    if (at === 'GET /v1/webhooks/deliveries') return admin(request) && { json: { deliveries: world.deliveries, next_cursor: null } };
    if ((id = match(/^POST \/v1\/webhooks\/([^/]+)\/enable$/))) {
      admin(request);
      const webhook = world.webhooks.find((one) => one.id === id);
      if (!webhook) throw new Problem(404, 'webhook.not_found', `There is no webhook ${id}`);
      return { json: Object.assign(webhook, { enabled: true, disabled_reason: null }) };
    }
    if ((id = match(/^POST \/v1\/webhooks\/deliveries\/([^/]+)\/replay$/))) {
      admin(request);
      const delivery = world.deliveries.find((one) => one.id === id);
      if (!delivery) throw new Problem(404, 'delivery.not_found', `There is no delivery ${id}`);
      return { status: 202, json: Object.assign(delivery, { state: 'delivered', attempts: 1, last_status: 200, last_error: null }) };
    }
    if (at === 'POST /estimate-body') return admin(request) && { json: estimateBody((await body(request)).toString('latin1')) };
    if (at === 'POST /v1/console/login') return signIn(request);
    if (at === 'POST /v1/console/logout') {
      sessions.delete(admin(request).cookie);
      return { status: 204, headers: { 'set-cookie': 'selvage_console=; Path=/; Max-Age=0' } };
    }
    if (!path.startsWith('/v1/console/')) throw new Problem(404, 'http.not_found', `There is nothing at ${path}`);
    admin(request);
    if (at === 'GET /v1/console/session') return { json: { signed_in: true, version: '0.1.0', provider: 'local', picture_origin: '', started_at: new Date(world.startedAt).toISOString() } };
    if (at === 'GET /v1/console/overview') return { json: { counts: world.counts(), queues: world.queues(), workers: world.workers(), ledger: { exact: true, discrepancies: [] } } };
    if (at === 'GET /v1/console/timeline') return { json: { step_ms: 5_000, points: world.points.slice(-12 * Number(search.get('minutes') ?? 30)) } };
    if (at === 'GET /v1/console/credits') return { json: { balances: [...world.balances.values()].map((one) => world.balance(one.channel, one.owner)) } };
    if (at === 'POST /v1/console/credits') {
      const { channel, owner, amount, reason } = await json(request);
      if (!owner || !reason || !Number.isInteger(amount) || amount < 1) throw new Problem(422, 'credits.grant', 'owner, reason and a whole amount above 0 are needed');
      world.account(channel, owner).granted += amount;
      return { json: world.balance(channel, owner) };
    }
    if (at === 'GET /v1/console/dead') return { json: { tasks: world.dead.slice(0, Number(search.get('limit') ?? 100)) } };
    if ((id = match(/^POST \/v1\/console\/dead\/([^/]+)\/revive$/))) {
      const before = world.dead.length;
      world.dead = world.dead.filter((task) => task.id !== id);
      if (world.dead.length === before) throw new Problem(404, 'queue.not_found', 'There is no such dead task');
      return { status: 204 };
    }
    if (at === 'GET /v1/console/events') return stream(request, response);
    throw new Problem(404, 'http.not_found', `There is nothing at ${path}`);
  }

  const server = createServer(async (request, response) => {
    const requestId = `req_${randomBytes(6).toString('hex')}`;
    try {
      const answer = await route(request, response);
      if (!answer) return;
      const bytes = answer.json ? JSON.stringify(answer.json) : answer.bytes;
      response.writeHead(answer.status ?? 200, { ...(answer.json ? { 'content-type': 'application/json' } : {}), 'x-request-id': requestId, ...answer.headers });
      response.end(bytes);
    } catch (cause) {
      const problem = cause instanceof Problem ? cause : new Problem(500, 'stand_in.bug', String(cause));
      response.writeHead(problem.status, { 'content-type': 'application/problem+json', 'x-request-id': requestId });
      response.end(JSON.stringify(problem.document(request.url, requestId)));
    }
  });
  await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}`;
  return {
    url, key, login: login.code, world,
    close: () => {
      world.close();
      for (const response of streams) response.destroy();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { port: { type: 'string', default: '8099' }, pace: { type: 'string', default: '1' }, empty: { type: 'boolean' }, static: { type: 'string' } } });
  const standIn = await startStandIn({ port: Number(values.port), pace: Number(values.pace), empty: values.empty,
    onCode: (code) => console.log(`next     http://127.0.0.1:${values.port}/console/#login=${code}`), ...(values.static ? { root: values.static } : {}) });
  console.log(`console  ${standIn.url}/console/#login=${standIn.login}\nAPI key  ${standIn.key}`);
}
