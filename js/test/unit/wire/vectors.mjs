/** Reads the golden vectors of conformance/vectors, whose README says what they are. The Go tests read them, too. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

export const directory = new URL('../../../../conformance/vectors/', import.meta.url);

/** The lists of a file. A test that would look at nothing fails here. */
export function vectors(file) {
  const lists = JSON.parse(readFileSync(new URL(file, directory), 'utf8'));
  for (const [name, list] of Object.entries(lists)) {
    assert.ok(Array.isArray(list) && list.length > 0, `${file} has no ${name}`);
  }
  return lists;
}

/** A string as the vectors have it: a string, {"repeat":…,"times":…}, or a list of those, which are joined. */
export function text(compact) {
  if (typeof compact === 'string') {
    return compact;
  }
  if (Array.isArray(compact)) {
    return compact.map(text).join('');
  }
  assert.deepEqual(Object.keys(compact), ['repeat', 'times']);
  return compact.repeat.repeat(compact.times);
}

/** Bytes, which the vectors have in hexadecimal digits. */
export function bytes(compact) {
  return Uint8Array.from(Buffer.from(text(compact), 'hex'));
}

/** UTF-16 code units, which the vectors have in hexadecimal digits with spaces between, as a string. */
export function units(digits) {
  return digits.replace(/([0-9a-f]{4}) ?/g, (_, unit) => String.fromCharCode(parseInt(unit, 16)));
}

/** A frame of the vectors, as the sources have it. */
export function frame(vector) {
  return { ...vector, data: vector.kind === 'b' ? bytes(vector.data) : text(vector.data) };
}

export function hex(data) {
  return Buffer.from(data).toString('hex');
}
