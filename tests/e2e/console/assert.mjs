// Checks say what they saw.

export class Skip extends Error {}

export function skip(why) {
  throw new Skip(why);
}

export function ok(value, what) {
  if (!value) throw new Error(what);
}

export function equal(seen, wanted, what) {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: saw ${a}, wanted ${b}`);
}
