/** Random inputs that can be had again: SEED=<the seed that was printed> node --test … */

/** The random source of a test, which prints its seed. */
export function random(t) {
  const seed = process.env.SEED ? Number(process.env.SEED) : Math.floor(Math.random() * 2 ** 32);
  t.diagnostic(`SEED=${seed}`);
  let state = seed;

  /** A whole number from 0 to below n; by the generator mulberry32. */
  function below(n) {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return Math.floor((((x ^ (x >>> 14)) >>> 0) / 2 ** 32) * n);
  }
  const of = (list) => list[below(list.length)];
  const many = (n, make) => Array.from({ length: n }, make);

  /** A length, mostly small, now and then at an edge of something. */
  const length = () => (below(8) ? below(40) : of([63, 64, 125, 126, 127, 128, 6143, 6144, 6145, 8191, 8192, 12289]));

  const unit = () =>
    of([
      () => below(0x80),
      () => below(0x10000),
      () => 0xd800 + below(0x400),
      () => 0xdc00 + below(0x400),
      () => of([0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xfffd, 0xffff]),
    ])();

  return {
    below,
    of,
    many,
    length,
    /** Any code units, many of them halves of surrogate pairs. */
    units: (n = length()) => many(n, () => String.fromCharCode(unit())).join(''),
    bytes: (n = length()) => Uint8Array.from(many(n, () => below(256))),
  };
}
