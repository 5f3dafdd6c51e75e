// What the HTTP API sends. Times are RFC 3339 in UTC.

export const STATUSES = ['queued', 'processing', 'completed', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

export const CHANNELS = ['b2b', 'b2c'] as const;
export type Channel = (typeof CHANNELS)[number];

export interface JobError {
  code: string;
  message: string;
  detail?: string | null; // for administrators only
}

export interface Job {
  id: string;
  task_id: string;
  request_id: string;
  channel: Channel;
  owner: string;
  status: Status;
  credits: number;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  attempts: number;
  provider: string | null;
  retry_of: string | null;
  result_url: string | null;
  error: JobError | null;
  queue_ms: number | null;
  processing_ms: number | null;
  inputs?: string[]; // for administrators only
}

export interface JobPage {
  jobs: Job[];
  next_cursor: string | null;
}

export interface JobFilter {
  status?: Status | undefined;
  channel?: Channel | undefined;
  owner?: string | undefined;
}

export interface Balance {
  channel: Channel;
  owner: string;
  balance: number;
  granted: number;
  charged: number;
  refunded: number;
}

export interface QueueDepth {
  queue: string;
  ready: number;
  delayed: number;
  leased: number;
  dead: number;
  oldest_ready_ms: number | null;
}

export interface WorkerRow {
  id: string;
  host: string;
  pid: number;
  version: string;
  queue: string;
  concurrency: number;
  active: number;
  done: number;
  failed: number;
  state: string;
  started_at: string;
  seen_at: string;
}

export type Counts = Record<Status, number>;

export interface Overview {
  counts: Counts;
  queues: QueueDepth[];
  workers: WorkerRow[];
  ledger: { exact: boolean; discrepancies: unknown[] };
}

export interface TimelinePoint {
  at: string;
  ready: number;
  leased: number;
  completed: number;
  failed: number;
  p50_ms: number | null; // of the jobs that ended in this step; 0 or null when none did
  p95_ms: number | null;
}

export interface Timeline {
  step_ms: number;
  points: TimelinePoint[];
}

export interface DeadTask {
  id: string;
  queue: string;
  state: string;
  payload: string | object;
  reason: string;
  priority: number;
  deliveries: number;
  retries: number;
  enqueued_at: string;
  run_at: string;
}

export interface Component {
  status: string;
  latency_ms?: number | null;
  error?: string;
}

export interface Health {
  status: string;
  components: Record<string, Component>;
  version?: string; // left out when the checks themselves hang
  uptime_s?: number;
}

export interface Session {
  signed_in: boolean;
  version: string;
  provider: string;
  started_at: string;
}
