// Medians of the rounds in a results file ("NAME JSON" a line), each beside the first name's, and whether the
// promise is kept.
import { readFileSync } from "node:fs";

const kPromised = 10_000; // tasks/s, enqueue to acknowledgement
const rounds = new Map();
for (const line of readFileSync(process.argv[2], "utf8").trim().split("\n")) {
  const space = line.indexOf(" ");
  const name = line.slice(0, space);
  rounds.set(name, [...(rounds.get(name) ?? []), JSON.parse(line.slice(space))]);
}

function median(name, key) {
  const values = rounds.get(name).map((round) => round[key]).sort((a, b) => a - b);
  const middle = values.length >> 1;
  return values.length % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

const [ours] = rounds.keys();
const columns = [
  ["enqueue_per_s", "enqueue/s"],
  ["drain_per_s", "drain/s"],
  ["whole_per_s", "whole/s"],
  ["cpu_us", "CPU us/task"],
];
function range(name, key) {
  const values = rounds.get(name).map((round) => round[key]);
  return `${Math.min(...values)}..${Math.max(...values)}`;
}

console.log(
  "".padEnd(22) +
    columns.map(([, title]) => title.padStart(18)).join("") +
    "whole/s, range".padStart(22),
);
for (const name of rounds.keys()) {
  const cells = columns.map(([key]) => {
    const value = median(name, key);
    const factor = median(ours, key) / value;
    const ratio = name === ours ? "" : ` (${(key === "cpu_us" ? 1 / factor : factor).toFixed(1)}x)`;
    return (value.toFixed(key === "cpu_us" ? 1 : 0) + ratio).padStart(18);
  });
  console.log(name.padEnd(22) + cells.join("") + range(name, "whole_per_s").padStart(22));
}
const whole = median(ours, "whole_per_s");
const kept = whole > kPromised;
console.log(
  `${kept ? "kept" : "broken"}: ${whole.toFixed(0)} durable tasks/s through the whole engine, ` +
    `promised over ${kPromised}`,
);
process.exit(kept ? 0 : 1);
