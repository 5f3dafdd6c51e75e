// Numbers and times as people read them.

const number = new Intl.NumberFormat('en-US');

export function count(value: number): string {
  return number.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** 0.4 ms, 840 ms, 3.2 s, 41 s, 2 min 05 s, 3 h 20 min, 2 d 4 h; a dash for nothing. */
export function duration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  if (ms <= 0) return '0 ms';
  if (ms < 1) return ms < 0.1 ? '<0.1 ms' : `${ms.toFixed(1)} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`;
  const s = Math.round(ms / 1_000);
  if (s < 60) return `${s} s`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, '0')} s`;
  const min = Math.floor(s / 60);
  if (min < 1_440) return `${Math.floor(min / 60)} h ${String(min % 60).padStart(2, '0')} min`;
  return `${Math.floor(min / 1_440)} d ${Math.floor((min % 1_440) / 60)} h`;
}

/** "just now", "12 s ago", "5 min ago", "3 h ago", then the date. */
export function ago(iso: string | null | undefined, now = Date.now()): string {
  const at = iso ? Date.parse(iso) : NaN;
  if (Number.isNaN(at)) return '–';
  const s = Math.round((now - at) / 1_000);
  if (s < 5) return 'just now'; // also for a clock a little ahead of ours
  if (s < 60) return `${s} s ago`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ago`;
  if (s < 86_400) return `${Math.floor(s / 3_600)} h ago`;
  return day(at);
}

function day(at: number): string {
  return new Date(at).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
}

/** 14:03:27.482 in local time. */
export function clock(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return '–';
  const two = (value: number) => String(value).padStart(2, '0');
  const ms = String(at.getMilliseconds()).padStart(3, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${ms}`;
}

/** Date and time to the second in local time, with the zone: for tooltips. */
export function moment(iso: string | null | undefined): string {
  const at = iso ? new Date(iso) : new Date(NaN);
  if (Number.isNaN(at.getTime())) return '';
  return at.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
}

/** The start and the end of a long id: ids that begin with their time differ only at the end. */
export function shortId(id: string): string {
  return id.length <= 16 ? id : `${id.slice(0, 8)}…${id.slice(-6)}`;
}

/** "moderation_blocked" -> "Moderation blocked". */
export function words(code: string): string {
  const spaced = code.replace(/[._]+/g, ' ').trim();
  return spaced.charAt(0).toUpperCase() + spaced.slice(1);
}

/** JSON indented; anything else as it came. At most `limit` characters. */
export function pretty(payload: unknown, limit = 20_000): string {
  let value = payload;
  if (typeof payload === 'string') {
    try {
      value = JSON.parse(payload);
    } catch {
      return cut(payload, limit);
    }
  }
  return cut(JSON.stringify(value, null, 2) ?? '', limit);
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, limit)}\n… ${count(text.length - limit)} more characters`;
}
