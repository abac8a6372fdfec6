import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';

import { read } from '../../../build/wire/message.js';
import { directory, text, vectors } from './vectors.mjs';

/** What a script calls the function at the path with. */
function run(script, path) {
  const calls = [];
  const names = path.split('.');
  const last = names.pop();
  const page = {};
  const owner = names.reduce((object, name) => (object[name] = {}), page);
  owner[last] = (...values) => calls.push(values);
  vm.runInNewContext(script, page);
  return calls;
}

test('a JSONP body calls its callback with what the JSON says', () => {
  let answers = 0;
  for (const { callback, json, body } of vectors('jsonp.json').bodies) {
    const calls = run(body, callback);
    assert.equal(JSON.stringify(calls), JSON.stringify([[JSON.parse(json)]]), body);
    if (JSON.parse(json).messages) {
      assert.deepEqual(read(calls[0][0]), read(JSON.parse(json)));
      answers++;
    }
  }
  assert.ok(answers > 0);
});

test('a valid callback can be called', () => {
  for (const callback of vectors('jsonp.json').valid.map(text)) {
    assert.equal(run(`/**/${callback}({});`, callback).length, 1, callback);
  }
});

test('the tests of this directory read all vectors', () => {
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.endsWith('.json')),
    ['base64.json', 'batch.json', 'closecode.json', 'jsonp.json', 'message.json', 'stream.json', 'text.json'],
    'a file of vectors was added or taken away: read it here, too, or say in its README that Go alone does',
  );
});
