// node bullmq_producer.mjs add NAME COUNT [SECONDS]: adds jobs to the paused queue; resume: lets the worker begin;
// stamp COUNT PER_SECOND: adds jobs at that pace, each with the time it was sent.
import { setTimeout as wait } from 'node:timers/promises';
import { Queue } from 'bullmq';

const url = new URL(process.env.REDIS_URL);
const queue = new Queue('bench', { connection: { host: url.hostname, port: Number(url.port) } });
const [mode, ...rest] = process.argv.slice(2);
const opts = { removeOnComplete: true };
if (mode === 'add') {
  const [name, count, seconds] = rest;
  await queue.pause();
  for (let left = Number(count); left > 0; left -= 1000) {
    const size = Math.min(left, 1000);
    await queue.addBulk(Array.from({ length: size }, () => ({ name, data: { seconds: Number(seconds ?? 0) }, opts })));
  }
} else if (mode === 'resume') {
  await queue.resume();
} else if (mode === 'stamp') {
  const [count, perSecond] = rest.map(Number);
  const begin = Date.now();
  for (let i = 0; i < count; i += 1) {
    await wait(Math.max(0, begin + (i * 1000) / perSecond - Date.now()));
    await queue.add('stamp', { sent: (performance.timeOrigin + performance.now()) / 1000 }, opts);
  }
}
await queue.close();
