// s3rver on a loopback port, until standard input closes: serve.mjs CACHE PORT DIRECTORY BUCKET
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [cache, port, directory, bucket] = process.argv.slice(2);
const S3rver = createRequire(join(cache, 'package.json'))('s3rver');
const server = new S3rver({
  address: '127.0.0.1', port: Number(port), directory, silent: true, vhostBuckets: false,
  configureBuckets: [{ name: bucket, configs: [] }],
});
const { port: bound } = await server.run();
console.log(`listening ${bound}`);
process.stdin.on('end', () => process.exit(0)).resume();
