// Makes dist/ from src/: TypeScript → rollup → terser. The same sources make the same bytes.
//
//   node build.mjs           writes dist/
//   node build.mjs --check   fails where dist/ is not what the sources make
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
const banner = `/*! polysocket ${version} | MIT license | made from js/src by js/build.mjs */`;

/** Makes all files of dist/, by their names. */
async function build() {
  rmSync(join(here, 'build'), { recursive: true, force: true });
  execFileSync(process.execPath, [join(here, 'node_modules/typescript/bin/tsc'), '-p', here], { stdio: 'inherit' });
  const bundle = await rollup({
    input: join(here, 'build/index.js'),
    plugins: [compiled],
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const files = {};
  const formats = { 'polysocket.js': 'iife', 'polysocket.mjs': 'es', 'polysocket.cjs': 'cjs' };
  for (const [name, format] of Object.entries(formats)) {
    const { output } = await bundle.generate({
      format,
      file: join(here, 'dist', name), // the source maps name their sources from there
      name: 'polysocket',
      exports: 'named',
      banner,
      sourcemap: true,
      generatedCode: { preset: 'es5' },
      externalLiveBindings: false,
      freeze: false, // there is no Object.freeze in IE 8
      strict: true,
      esModule: false,
    });
    add(name, output[0].code, JSON.stringify(output[0].map));
  }
  const iife = files['polysocket.js'];
  const { code, map } = await minify(
    { 'polysocket.js': iife },
    {
      ecma: 5,
      ie8: true,
      compress: { passes: 3, unsafe_arrows: false },
      format: { comments: /^!/, ascii_only: true },
      sourceMap: { content: files['polysocket.js.map'], asObject: false },
    },
  );
  add('polysocket.min.js', code + '\n', map);
  files['polysocket.d.ts'] = files['polysocket.d.cts'] = declarations();
  return files;

  function add(name, code, map) {
    files[name] = `${code.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, '\n')}//# sourceMappingURL=${name}.map\n`;
    files[`${name}.map`] = map + '\n';
  }
}

/** The types: those of api.ts, and of the functions of index.ts. */
function declarations() {
  const of = (name) => readFileSync(join(here, 'build', name), 'utf8').replace(/^\/\/# .*\n?/gm, '');
  const index = of('index.d.ts')
    .replace(/^(import|export) .*from .*\n/gm, '')
    .replace('export { version };\n', '');
  return [
    banner,
    of('api.d.ts').replace(/^\/\*\*.*\*\/\n/, ''),
    of('version.d.ts'),
    index,
    'export as namespace polysocket;\n',
  ].join('\n');
}

/** Gives rollup what tsc has made, with the source maps that lead back to src/. */
const compiled = {
  name: 'compiled',
  load: (file) => ({ code: readFileSync(file, 'utf8'), map: readFileSync(`${file}.map`, 'utf8') }),
};

function write(files) {
  rmSync(join(here, 'dist'), { recursive: true, force: true });
  mkdirSync(join(here, 'dist'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(here, 'dist', name), content);
}

function check(files) {
  const stale = Object.keys(files).filter((name) => {
    try {
      return readFileSync(join(here, 'dist', name), 'utf8') !== files[name];
    } catch {
      return true; // it is missing
    }
  });
  if (!stale.length) return;
  console.error(`js/dist is not what js/src makes: ${stale.join(', ')}. Run: cd js && npm run build`);
  process.exitCode = 1;
}

const files = await build();
if (process.argv.includes('--check')) check(files);
else write(files);
