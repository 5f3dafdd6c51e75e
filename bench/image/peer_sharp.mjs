// node peer_sharp.mjs MODULES FOLDER ROUNDS: the same work with sharp (libvips), printed the same way.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [modules, folder, rounds] = process.argv.slice(2);
const sharp = createRequire(modules + "/")("sharp");
sharp.cache(false);
const threads = Number(process.env.SHARP_THREADS ?? 0);
if (threads > 0) sharp.concurrency(threads);
const bytes = readFileSync(folder + "/photo.jpg");
const wall = [], cpu = [];
for (let i = 0; i < Number(rounds) + 3; ++i) {
  const cpuStart = process.cpuUsage(), start = performance.now();
  const { info } = await sharp(bytes)
    .rotate()
    .resize(1024, 1024, { fit: "inside", withoutEnlargement: true, kernel: "lanczos3" })
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== 768 || info.height !== 1024 || info.channels !== 3) throw new Error("wrong size");
  if (i < 3) continue;
  wall.push(performance.now() - start);
  const used = process.cpuUsage(cpuStart);
  cpu.push((used.user + used.system) / 1000);
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const name = threads > 0 ? `sharp-${threads}-thread` : "sharp";
console.log(`${name} ${median(cpu).toFixed(2)} ${median(wall).toFixed(2)} ${Math.min(...wall).toFixed(2)}`);
