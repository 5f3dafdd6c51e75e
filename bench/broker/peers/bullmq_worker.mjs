// The peer's worker: a job that does nothing, one that notes how late it began, one that waits.
import { appendFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { Worker } from 'bullmq';

const url = new URL(process.env.REDIS_URL);
const connection = { host: url.hostname, port: Number(url.port), maxRetriesPerRequest: null };
const worker = new Worker('bench', async (job) => {
  if (job.name === 'stamp') appendFileSync(process.env.LATENCY_FILE, `${(performance.timeOrigin + performance.now()) / 1000 - job.data.sent}\n`);
  if (job.name === 'sleep') await wait(job.data.seconds * 1000);
}, { connection, concurrency: Number(process.env.CONCURRENCY), removeOnComplete: { count: 0 } });
process.on('SIGTERM', async () => { await worker.close(); process.exit(0); });
