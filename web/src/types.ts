// What the HTTP API sends. Times are RFC 3339 in UTC.

export const STATUSES = ['queued', 'processing', 'completed', 'failed'] as const;
export type Status = (typeof STATUSES)[number];

export type Stage = 'inputs' | 'provider' | 'storing' | 'waiting';

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
  progress: number; // percent
  stage: Stage | null; // while it is processing
  cancel_requested: boolean;
  queue_position?: number; // of a queued job that was asked for by itself
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
  paused: boolean;
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

export interface Webhook {
  id: string;
  channel: Channel;
  owner: string;
  url: string;
  events: string[];
  enabled: boolean;
  disabled_reason: string | null;
  failing_since: string | null;
  created_at: string;
}

export interface Delivery {
  id: string;
  webhook_id: string;
  event: string;
  job_id: string;
  state: 'pending' | 'delivered' | 'failed';
  attempts: number;
  last_status: number | null;
  last_error: string | null;
  created_at: string;
  last_attempt_at: string | null;
  next_attempt_at: string | null;
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
  picture_origin: string; // of signed addresses, when they are not on this host; else ''
  started_at: string;
}

export const MEASURES = ['shoulder', 'chest', 'waist', 'hip', 'inseam', 'arm'] as const;
export type Measure = (typeof MEASURES)[number];

export interface SizeOption {
  size: string;
  probability: number; // 0..1
}

export interface Landmark {
  name: string;
  x: number; // pixels of the upright picture of image_width x image_height
  y: number;
  visibility: number;
  presence: number;
}

export interface MeasuringLine {
  name: Measure;
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

export interface PoseDrawing {
  image_width: number;
  image_height: number;
  landmarks: Landmark[];
  lines: MeasuringLine[];
}

export interface SizeAnswer {
  recommended_size: string;
  confidence: number; // 0..1
  body_type: string;
  measurements: Record<Measure, { cm: number; uncertainty_cm: number }>;
  neighbours: { smaller: SizeOption | null; larger: SizeOption | null };
  sizes: SizeOption[];
  chart: { name: string; measure: Measure };
  fit: string;
  warnings: { code: string; message: string }[];
  pose?: PoseDrawing;
}
