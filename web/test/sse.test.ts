import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EventStream, FIRST_WAIT_MS, MAX_WAIT_MS, type StreamSource, type StreamState } from '../src/sse';

class Source implements StreamSource {
  closed = false;
  private readonly listeners = new Map<string, (event: MessageEvent<string>) => void>();
  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.listeners.set(type, listener);
  }
  close(): void {
    this.closed = true;
  }
  emit(type: string, data = ''): void {
    this.listeners.get(type)?.({ data } as MessageEvent<string>);
  }
}

function setUp() {
  const sources: Source[] = [];
  const states: StreamState[] = [];
  const waits: number[] = [];
  const onEvent = vi.fn();
  const onResume = vi.fn();
  const stream = new EventStream({
    url: '/events',
    events: ['job'],
    onEvent,
    onResume,
    onState: (state, wait) => {
      states.push(state);
      if (state === 'waiting') waits.push(wait);
    },
    open: () => {
      const source = new Source();
      sources.push(source);
      return source;
    },
    silenceMs: 20_000,
    random: () => 0.5, // the middle of the spread: a factor of exactly 1
  });
  return { stream, sources, states, waits, onEvent, onResume, last: () => sources.at(-1)! };
}

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('hands events on and says that it is live', () => {
  const { stream, states, onEvent, onResume, last } = setUp();
  stream.start();
  last().emit('open');
  last().emit('job', '{"id":"a"}');
  expect(states).toEqual(['connecting', 'live']);
  expect(onEvent).toHaveBeenCalledExactlyOnceWith('job', { id: 'a' });
  expect(onResume).not.toHaveBeenCalled();
});

test('comes back after a loss and asks for what was missed', () => {
  const { stream, sources, states, onResume, last } = setUp();
  stream.start();
  last().emit('open');
  last().emit('error');
  expect(sources[0]!.closed).toBe(true);
  expect(states.at(-1)).toBe('waiting');
  vi.advanceTimersByTime(FIRST_WAIT_MS);
  expect(sources).toHaveLength(2);
  last().emit('open');
  expect(states.at(-1)).toBe('live');
  expect(onResume).toHaveBeenCalledOnce();
});

test('waits twice as long after each failure, up to a cap, and starts small after a success', () => {
  const { stream, waits, last } = setUp();
  stream.start();
  for (let i = 0; i < 8; i += 1) {
    last().emit('error');
    vi.advanceTimersByTime(waits.at(-1)!);
  }
  expect(waits.slice(0, 5)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000]);
  expect(Math.max(...waits)).toBe(MAX_WAIT_MS);
  last().emit('open');
  last().emit('error');
  expect(waits.at(-1)).toBe(FIRST_WAIT_MS);
});

test('takes a long silence for a dead connection', () => {
  const { stream, sources, states, last } = setUp();
  stream.start();
  last().emit('open');
  vi.advanceTimersByTime(15_000);
  last().emit('job', '{}');
  vi.advanceTimersByTime(19_999);
  expect(states.at(-1)).toBe('live');
  vi.advanceTimersByTime(1);
  expect(states.at(-1)).toBe('waiting');
  expect(sources[0]!.closed).toBe(true);
});

test('does not let a connection that it has left speak', () => {
  const { stream, sources, onEvent, last } = setUp();
  stream.start();
  last().emit('error');
  vi.advanceTimersByTime(FIRST_WAIT_MS);
  sources[0]!.emit('job', '{}');
  sources[0]!.emit('error');
  expect(onEvent).not.toHaveBeenCalled();
  expect(sources).toHaveLength(2);
});

test('passes over an event that is not JSON', () => {
  const { stream, onEvent, last } = setUp();
  stream.start();
  last().emit('job', '{"id":');
  last().emit('job', '{"id":"b"}');
  expect(onEvent).toHaveBeenCalledExactlyOnceWith('job', { id: 'b' });
});

test('stays closed after pause(), and start() twice keeps one connection', () => {
  const { stream, sources, last } = setUp();
  stream.start();
  stream.start();
  expect(sources).toHaveLength(1);
  last().emit('error');
  stream.pause();
  vi.advanceTimersByTime(120_000);
  expect(sources).toHaveLength(1);
});

test('start() during a wait connects at once', () => {
  const { stream, sources, last } = setUp();
  stream.start();
  last().emit('error');
  stream.start();
  expect(sources).toHaveLength(2);
  vi.advanceTimersByTime(10_000); // the old wait must not make a third one
  expect(sources).toHaveLength(2);
});
