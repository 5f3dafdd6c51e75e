// Files of the stand-in: the built pages under the policy the binary uses, and pictures by signed addresses.

import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { garmentPicture, personPicture, resultPicture } from './pictures.mjs';
import { Problem } from './problem.mjs';

const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };
const SIGNED_FOR_S = 3_600;

export async function page(root, path) {
  const name = normalize(path.slice('/console/'.length) || 'index.html');
  const headers = { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'content-security-policy': CSP, 'x-content-type-options': 'nosniff' };
  const bytes = name.startsWith('..') ? null : await readFile(join(root, name)).catch(() => null);
  if (!bytes) throw new Problem(404, 'http.not_found', 'There is no such page', 'Run npm run build first.');
  return { status: 200, headers, bytes };
}

export class SignedPictures {
  secret = randomBytes(32);

  constructor(jobs) {
    this.jobs = jobs;
  }

  signature(path, expires) {
    return createHmac('sha256', this.secret).update(`${path}:${expires}`).digest('hex');
  }

  address(path) {
    const expires = Math.floor(Date.now() / 1_000) + SIGNED_FOR_S;
    return `${path}?expires=${expires}&signature=${this.signature(path, expires)}`;
  }

  serve(path, search) {
    const expires = search.get('expires');
    if (this.signature(path, expires) !== search.get('signature')) throw new Problem(403, 'storage.signature', 'The signature is not ours');
    if (Number(expires) * 1_000 < Date.now()) throw new Problem(403, 'storage.expired', 'The address has expired');
    const [, , kind, name = '', which] = path.split('/');
    const job = this.jobs.get(kind === 'results' ? name.replace('.svg', '') : name);
    if (!job) throw new Problem(404, 'storage.not_found', 'There is no such file');
    const draw = kind === 'results' ? resultPicture : which === 'person.svg' ? personPicture : garmentPicture;
    return { status: 200, headers: { 'content-type': 'image/svg+xml', 'cache-control': 'private, max-age=3600' }, bytes: draw(job.seed) };
  }
}
