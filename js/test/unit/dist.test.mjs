// What js/dist holds is what pages, bundlers, Node and compilers can use. That it is what js/src makes, `npm run check` sees.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { parse, tokenizer } from 'acorn';

const root = new URL('../../', import.meta.url).pathname;
const dist = (name) => join(root, 'dist', name);
const read = (name) => readFileSync(dist(name), 'utf8');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const names = ['create', 'info', 'install', 'on', 'version'];
const scratch = mkdtempSync(join(tmpdir(), 'polysocket-'));
after(() => rmSync(scratch, { recursive: true }));

test('polysocket.js is ES5, and polysocket.min.js is ES3', () => {
  parse(read('polysocket.js'), { ecmaVersion: 5 });
  parse(read('polysocket.min.js'), { ecmaVersion: 3 });
  assert.deepEqual(keywordsAsNames(read('polysocket.min.js')), []);
  assert.deepEqual(keywordsAsNames('a.default = { catch: b ? this : null, in: c.for }'), [
    'default',
    'catch',
    'in',
    'for',
  ]);
});

// Keywords in the place of a property's name, which IE 8 cannot read, and the parser lets pass.
function keywordsAsNames(source) {
  const found = [];
  const tokens = [...tokenizer(source, { ecmaVersion: 3 })];
  tokens.forEach(({ type }, i) => {
    const [before, behind] = [tokens[i - 1]?.type.label, tokens[i + 1]?.type.label];
    const key = (before === '{' || before === ',') && behind === ':';
    if (type.keyword && (before === '.' || key)) found.push(type.keyword);
  });
  return found;
}

for (const name of ['polysocket.js', 'polysocket.min.js']) {
  test(`${name} is one global, with the same exports`, () => {
    const before = { setTimeout, clearTimeout };
    const scope = { ...before };
    runInNewContext(read(name), scope);
    assert.deepEqual(Object.keys(scope).sort(), [...Object.keys(before), 'polysocket'].sort());
    assert.deepEqual(Object.keys(scope.polysocket).sort(), names);
    assert.equal(scope.polysocket.version, version);
  });
}

test('polysocket.mjs and polysocket.cjs export the same', async () => {
  const modules = [await import(dist('polysocket.mjs')), createRequire(import.meta.url)(dist('polysocket.cjs'))];
  for (const module of modules) {
    assert.deepEqual(Object.keys(module).sort(), names);
    assert.equal(module.version, version);
    assert.throws(() => module.create(), { name: 'TypeError', message: /router is missing/ });
  }
});

test('source maps lead to the sources, which they hold', () => {
  for (const name of ['polysocket.js', 'polysocket.min.js', 'polysocket.mjs', 'polysocket.cjs']) {
    assert.match(read(name), new RegExp(`//# sourceMappingURL=${name}.map\n$`));
    const map = JSON.parse(read(`${name}.map`));
    const at = map.sources.findIndex((source) => source === '../src/link.ts');
    assert.ok(at >= 0, `${name}.map names ${map.sources}`);
    assert.equal(map.sourcesContent[at], readFileSync(join(root, 'src/link.ts'), 'utf8'));
  }
});

test('TypeScript finds types for import and for require, each of its own kind', () => {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const { types, default: code } of [exports['.'].import, exports['.'].require]) {
    assert.equal(types.endsWith('.d.cts'), code.endsWith('.cjs'));
    assert.match(readFileSync(join(root, types), 'utf8'), /export declare function install/);
    assert.match(readFileSync(join(root, code), 'utf8'), /install/);
  }
});

test('polysocket.d.ts compiles, strictly, and says what is wrong', () => {
  const check = (source) => {
    const file = join(scratch, 'use.ts');
    writeFileSync(file, `import * as polysocket from '${dist('polysocket')}';\n${source}`);
    const options = [
      '--ignoreConfig',
      '--noEmit',
      '--strict',
      '--target',
      'ES2020',
      '--moduleResolution',
      'bundler',
      '--module',
      'ESNext',
      file,
    ];
    try {
      execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options], { encoding: 'utf8' });
      return '';
    } catch (error) {
      return error.stdout;
    }
  };
  assert.equal(
    check(`
      const Socket: typeof WebSocket = polysocket.create({ router: ['https://a.example'], token: async () => 't', transports: ['xhr'], timeout: 1 });
      const socket: WebSocket = new Socket('wss://b.example', ['c']);
      const undo: () => void = polysocket.install({ router: 'https://a.example', token: 't' });
      const info: polysocket.Info = polysocket.info(socket);
      const why: string = info.gaveUp[0].transport + info.gaveUp[0].why + info.transport + info.error;
      const off: () => void = polysocket.on('transport', (event: polysocket.TransportEvent) => event.socket.close());
      const version: string = polysocket.version;
      undo(); off(); why; version;`),
    '',
  );
  assert.match(check(`polysocket.create({ transports: ['smoke'] });`), /TS2322.*"smoke"/);
  assert.match(check(`polysocket.create({ routre: 'https://a.example' });`), /TS2561.*routre/);
});
