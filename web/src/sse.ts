// One stream of server-sent events that comes back by itself.
//
// EventSource gives up for good on an answer that is not 200 and cannot tell a silent connection from a dead one. So
// each connection here is used once: an error or a silence longer than `silenceMs` closes it, and a new one is made
// after a wait that doubles from 1 s to 30 s, with some chance in it so that many consoles do not come back
// together. `onResume` runs when a later connection opens: events were missed, so state must be read anew.

export type StreamState = 'connecting' | 'live' | 'waiting' | 'paused';

export interface StreamSource {
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void;
  close(): void;
}

export interface StreamOptions {
  url: string;
  events: readonly string[];
  onEvent: (name: string, data: unknown) => void;
  onState: (state: StreamState, retryInMs: number) => void;
  onResume: () => void;
  silenceMs?: number;
  open?: (url: string) => StreamSource; // tests give their own
  random?: () => number;
}

export const FIRST_WAIT_MS = 1_000;
export const MAX_WAIT_MS = 30_000;
const SILENCE_MS = 20_000; // the server sends the queues every 2 s

export class EventStream {
  private source: StreamSource | null = null;
  private failures = 0;
  private openedBefore = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private silence: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly options: StreamOptions) {}

  /** Connects now, also from a wait. Does nothing when there is a connection. */
  start(): void {
    if (this.source) return;
    clearTimeout(this.retry);
    this.options.onState('connecting', 0);
    const open = this.options.open ?? ((url: string): StreamSource => new EventSource(url));
    const source = open(this.options.url);
    this.source = source;
    this.expectSound();
    source.addEventListener('open', () => this.opened(source));
    source.addEventListener('error', () => this.lost(source));
    for (const name of this.options.events) {
      source.addEventListener(name, (event) => this.received(source, name, event.data));
    }
  }

  /** Closes and stays closed until start(). */
  pause(): void {
    this.drop();
    this.options.onState('paused', 0);
  }

  private opened(source: StreamSource): void {
    if (source !== this.source) return;
    this.failures = 0;
    this.expectSound();
    this.options.onState('live', 0);
    if (this.openedBefore) this.options.onResume();
    this.openedBefore = true;
  }

  private received(source: StreamSource, name: string, data: string): void {
    if (source !== this.source) return;
    this.expectSound();
    let value: unknown;
    try {
      value = JSON.parse(data);
    } catch {
      return; // one broken event says nothing of the next
    }
    this.options.onEvent(name, value);
  }

  private lost(source: StreamSource): void {
    if (source !== this.source) return;
    this.drop();
    const chance = 0.75 + 0.5 * (this.options.random ?? Math.random)();
    const wait = Math.min(MAX_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(this.failures, 5) * chance);
    this.failures += 1;
    this.options.onState('waiting', wait);
    this.retry = setTimeout(() => this.start(), wait);
  }

  private expectSound(): void {
    clearTimeout(this.silence);
    const source = this.source;
    if (source) {
      this.silence = setTimeout(() => this.lost(source), this.options.silenceMs ?? SILENCE_MS);
    }
  }

  private drop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.silence);
    this.source?.close();
    this.source = null;
  }
}
