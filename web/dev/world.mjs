// The stand-in's world: jobs that come, are worked on and end, with their credits, as a busy afternoon would look.

import { randomUUID } from 'node:crypto';

const OWNERS = [
  ['b2b', 'store-aurora'], ['b2b', 'store-nordstitch'], ['b2b', 'store-demo'],
  ['b2c', 'user-5b1e'], ['b2c', 'user-a07c'], ['b2c', 'user-33f9'],
];
const FAILURES = [
  ['moderation_blocked', 'This picture cannot be used. Please choose another one.', 'provider refused: moderation_blocked (sexual), request req_7f3a'],
  ['input_unreachable', 'The garment picture could not be loaded.', 'GET shop.example/img/441.jpg: connect timed out after 30 s'],
  ['input_not_an_image', 'The person picture is not a picture we can read.', 'magic bytes 3c 21 44 4f are not JPEG, PNG or WebP'],
  ['provider_unavailable', 'Our picture service is busy. You were not charged.', 'openai: 503 five times in 62 s; last request req_91bc'],
];
const TICK_MS = 250;
const STEP_MS = 5_000;
const HISTORY_MS = 30 * 60_000;
const KEPT_JOBS = 5_000;
const CONCURRENCY = 8;

const iso = (ms) => new Date(ms).toISOString();
const some = (list) => list[Math.floor(Math.random() * list.length)];

export class World {
  jobs = new Map(); // id -> record; insertion order is creation order
  balances = new Map();
  dead = [];
  paused = new Set();
  webhooks = [];
  deliveries = [];
  points = [];
  listeners = new Set();
  startedAt = Date.now() - 3 * 3_600_000;
  done = 0;
  failed = 0;

  constructor({ pace = 1, empty = false } = {}) {
    this.pace = pace; // new jobs a second
    if (!empty) this.remember();
    this.timers = [setInterval(() => this.tick(Date.now()), TICK_MS), setInterval(() => this.record(Date.now()), STEP_MS)];
  }

  close() {
    this.timers.forEach(clearInterval);
  }

  create({ channel, owner, credits = 1, fails = null, at = Date.now(), retryOf = null, inputs = null }) {
    const id = randomUUID();
    const job = {
      id, task_id: randomUUID(), request_id: `req_${randomUUID().slice(0, 13)}`, channel, owner, status: 'queued', progress: 0, stage: null, cancel_requested: false, credits,
      created_at: at, started_at: null, finished_at: null, attempts: 0, provider: null, retry_of: retryOf, error: null,
      seed: Math.floor(Math.random() * 1e6), fails, inputs,
    };
    this.account(channel, owner).charged += credits;
    this.jobs.set(id, job);
    if (this.jobs.size > KEPT_JOBS) this.jobs.delete(this.jobs.keys().next().value);
    this.tell(job);
    return job;
  }

  account(channel, owner) {
    const key = `${channel}/${owner}`;
    if (!this.balances.has(key)) this.balances.set(key, { channel, owner, granted: 0, charged: 0, refunded: 0 });
    return this.balances.get(key);
  }

  balance(channel, owner) {
    const one = this.account(channel, owner);
    return { channel, owner, balance: one.granted - one.charged + one.refunded, granted: one.granted, charged: one.charged, refunded: one.refunded };
  }

  begin(job, at = Date.now()) {
    Object.assign(job, { status: 'processing', progress: 10, stage: 'inputs', started_at: at, attempts: Math.random() < 0.06 ? 2 : 1, provider: 'local' });
    job.ends = at + 900 + Math.random() ** 3 * 9_000;
    this.tell(job);
  }

  end(job, at = Date.now()) {
    job.finished_at = at;
    job.stage = null;
    const failure = job.fails ?? (Math.random() < 0.07 ? some(FAILURES) : null);
    job.status = failure ? 'failed' : 'completed';
    if (failure) {
      job.error = { code: failure[0], message: failure[1], detail: failure[2] };
      this.account(job.channel, job.owner).refunded += job.credits;
      this.failed += 1;
    } else {
      this.done += 1;
      job.progress = 100;
    }
    this.tell(job);
  }

  cancel(job) {
    job.cancel_requested = true;
    if (job.status !== 'queued') return this.tell(job); // the provider was called: it is finished
    job.fails = ['cancelled', 'This job was cancelled. Your credits have been returned.', 'cancelled before it was worked on'];
    this.end(job);
  }

  tick(now) {
    const wave = 1.1 + 0.6 * Math.sin(now / 110_000) + 0.4 * Math.sin(now / 37_000);
    if (Math.random() < this.pace * wave * (TICK_MS / 1_000)) this.createSome(now);
    const active = [...this.jobs.values()].filter((job) => job.status === 'processing');
    for (const job of active) {
      if (job.ends <= now) this.end(job, now);
      else if (job.progress < 40 && now - job.started_at > 400) {
        Object.assign(job, { progress: 40, stage: 'provider' });
        this.tell(job);
      }
    }
    let free = this.paused.has('generation') ? 0 : CONCURRENCY - active.length;
    for (const job of this.jobs.values()) {
      if (free <= 0) break;
      if (job.status !== 'queued' || now - job.created_at < 400) continue;
      this.begin(job, now);
      free -= 1;
    }
  }

  createSome(at) {
    const [channel, owner] = some(OWNERS);
    return this.create({ channel, owner, credits: Math.random() < 0.2 ? 2 : 1, at });
  }

  // Half an hour that has already happened.
  remember() {
    for (const [channel, owner] of OWNERS) this.account(channel, owner).granted = 100 * (2 + Math.floor(Math.random() * 8));
    const now = Date.now();
    for (let at = now - HISTORY_MS; at <= now; at += TICK_MS) {
      this.tick(at);
      if ((at - now + HISTORY_MS) % STEP_MS === 0) this.record(at);
    }
    this.rememberWebhooks();
    const letter = (reason, minutes, deliveries, payload) => ({
      id: randomUUID(), queue: 'generation', state: 'dead', payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
      holder: '', reason, priority: 4, deliveries, retries: 0, token: deliveries, enqueued_at: iso(now - minutes * 60_000),
      run_at: iso(now - minutes * 60_000), lease_until: null,
    });
    const task = { version: 1, task_id: randomUUID(), session_id: randomUUID(), request_id: 'req_5d1b0c7a', channel: 'b2b', store_id: 'store-aurora',
      person_image_url: 'https://cdn.aurora.example/p/81.jpg', garment_image_urls: ['https://cdn.aurora.example/g/linen-shirt.png'], credits: 1 };
    this.dead = [
      letter('Handed out 5 times, and each time its worker died (poison)', 14, 5, task),
      letter('The task is not a GenerationTask: field "channel" is missing', 52, 1, { version: 1, task_id: 'legacy-221', user: 12 }),
      letter('The payload is not JSON: unexpected end of input at byte 41', 190, 1, '{"version":1,"task_id":"8b0d","channel":"b2'),
    ];
  }

  // Two owners' webhooks: one that works and one whose server is gone.
  rememberWebhooks() {
    const webhook = (owner, url, more = {}) => ({ id: randomUUID(), channel: 'b2b', owner, url, events: ['job.completed', 'job.failed', 'job.cancelled'],
      enabled: true, disabled_reason: null, failing_since: null, created_at: iso(Date.now() - 86_400_000), ...more });
    this.webhooks = [webhook('store-aurora', 'https://aurora.example/hooks/selvage'),
      webhook('store-nordstitch', 'https://nordstitch.example/api/v2/integrations/pictures/webhook', { enabled: false, disabled_reason: 'the endpoint answered 410 Gone' })];
    const jobs = [...this.jobs.values()].filter((job) => job.finished_at).slice(-12).reverse();
    this.deliveries = jobs.map((job, place) => ({ id: randomUUID(), webhook_id: this.webhooks[place % 2].id, job_id: job.id,
      event: job.status === 'completed' ? 'job.completed' : 'job.failed', state: place % 2 ? 'failed' : 'delivered', attempts: place % 2 ? 12 : 1,
      last_status: place % 2 ? 410 : 200, last_error: place % 2 ? 'answered 410' : null, created_at: iso(job.finished_at),
      last_attempt_at: iso(job.finished_at), next_attempt_at: null }));
  }

  record(at) {
    const finished = [...this.jobs.values()].filter((job) => job.finished_at > at - STEP_MS && job.finished_at <= at);
    const times = [...this.jobs.values()]
      .filter((job) => job.finished_at > at - 60_000 && job.finished_at <= at)
      .map((job) => job.finished_at - job.created_at).sort((a, b) => a - b);
    const quantile = (q) => (times.length ? times[Math.min(times.length - 1, Math.floor(q * times.length))] : null);
    const { queued, processing } = this.counts();
    this.points.push({
      at: iso(at), ready: queued, leased: processing,
      completed: finished.filter((job) => job.status === 'completed').length, failed: finished.filter((job) => job.status === 'failed').length,
      p50_ms: quantile(0.5), p95_ms: quantile(0.95),
    });
    if (this.points.length > 720) this.points.shift();
  }

  counts() {
    const counts = { queued: 0, processing: 0, completed: 0, failed: 0 };
    for (const job of this.jobs.values()) counts[job.status] += 1;
    return counts;
  }

  queues() {
    const { queued, processing } = this.counts();
    const oldest = [...this.jobs.values()].find((job) => job.status === 'queued');
    return [{ queue: 'generation', ready: queued, delayed: 0, leased: processing, dead: this.dead.length,
      paused: this.paused.has('generation'), oldest_ready_ms: oldest ? Date.now() - oldest.created_at : null }];
  }

  workers() {
    const { processing } = this.counts();
    const first = Math.min(processing, 4);
    const worker = (name, pid, active, seen, state) => ({
      id: `${name}-${pid}-c41f`, host: name, pid, version: '0.1.0', queue: 'generation', concurrency: 4, active, done: Math.floor(this.done / 2),
      failed: Math.floor(this.failed / 2), state, started_at: iso(this.startedAt), seen_at: iso(Date.now() - seen),
    });
    return [worker('loom-1', 2417, first, 900, 'running'), worker('loom-2', 1180, processing - first, 1_400, 'running'), worker('loom-3', 977, 0, 260_000, 'lost')];
  }

  tell(job) {
    for (const listener of this.listeners) listener(job);
  }
}
