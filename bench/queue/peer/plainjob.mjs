// plainjob (npm, on better-sqlite3) with the same work as bench_queue: N no-op jobs enqueued by add(), one a
// transaction, then drained by one worker. Prints one line of JSON.
//
//   node plainjob.mjs FILE TASKS full|normal
//
// `full` is the durability of bench_queue: each commit is on the disk before it is reported. `normal` is what
// plainjob sets itself: a power cut may undo jobs that were reported as enqueued or done.
import Database from "better-sqlite3";
import { better, defineQueue, defineWorker } from "plainjob";

const [file, count, durability] = process.argv.slice(2);
const tasks = Number(count);
const quiet = { error: console.error, warn() {}, info() {}, debug() {} };
const payload = { version: 1, prompt: "x".repeat(400) };

const database = new Database(file);
const queue = defineQueue({ connection: better(database), logger: quiet });
database.pragma(`synchronous = ${durability}`);

function stopwatch() {
  const begin = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  return () => {
    const used = process.cpuUsage(cpu);
    return {
      wall: Number(process.hrtime.bigint() - begin) / 1e9,
      cpu: (used.user + used.system) / 1e6,
    };
  };
}

const enqueue = stopwatch();
for (let i = 0; i < tasks; ++i) queue.add("noop", payload);
const enqueued = enqueue();

let left = tasks;
const worker = defineWorker(
  "noop",
  () => {
    if (--left === 0) void worker.stop();
  },
  { queue, logger: quiet, pollIntervall: 10 },
);
const drain = stopwatch();
await worker.start();
const drained = drain();
queue.close();

const micros = (cpu) => Number(((cpu / tasks) * 1e6).toFixed(1));
console.log(
  JSON.stringify({
    enqueue_per_s: Math.round(tasks / enqueued.wall),
    drain_per_s: Math.round(tasks / drained.wall),
    whole_per_s: Math.round(tasks / (enqueued.wall + drained.wall)),
    enqueue_cpu_us: micros(enqueued.cpu),
    drain_cpu_us: micros(drained.cpu),
    cpu_us: micros(enqueued.cpu + drained.cpu),
  }),
);
