import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { listBundledPackages } from './bundled-packages.ts';
import { describeLicenses } from './licenses.ts';
import { describePackages } from './sbom.ts';

/*
 * Makes dist/: the program with all that it depends on, so that nothing else has to be installed to run it. Each command
 * is a part by itself, as is what several share: `sign` loads neither a web server nor the Kubernetes client.
 */
const ROOT = join(import.meta.dirname, '../..');
const OUT = join(ROOT, 'dist');

/** Dependencies that are CommonJS load Node's own modules with `require`, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/**
 * `import 'node:http'` asks for each of its exports, and some are loaded only then: a WebSocket client among them, which
 * nobody uses here. To require it spares 40 ms of CPU and 12 MiB at the start.
 */
const REQUIRE_HTTP: Plugin = {
  name: 'require-http',
  setup(bundler) {
    bundler.onResolve({ filter: /^(node:)?http$/ }, ({ kind }) =>
      kind === 'import-statement' ? { path: 'node:http', namespace: 'required' } : undefined,
    );
    bundler.onLoad({ filter: /^/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require('${path}');`,
    }));
  },
};

/** What is read of package.json. */
interface Product {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
}

await rm(OUT, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ['src/main.ts'],
  outdir: OUT,
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  // A third less to read and to keep in memory. Names stay, so stack traces can be read without the source maps.
  minifyWhitespace: true,
  minifySyntax: true,
  sourcemap: 'linked',
  sourcesContent: false,
  plugins: [REQUIRE_HTTP],
  banner: { js: REQUIRE },
  metafile: true,
  logLevel: 'warning',
});
const packages = await listBundledPackages(ROOT, Object.keys(metafile.inputs));
await writeFile(join(OUT, 'licenses.txt'), describeLicenses(packages));
const { name, bin }: Product = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
await writeFile(join(OUT, 'sbom.cdx.json'), await describePackages(ROOT, name, packages));

/** What the image has on its PATH. It has no `env`, so Node is named as it is there. */
await mkdir(join(OUT, 'bin'));
const programs = Object.keys(bin).map((program) => join(OUT, 'bin', program));
for (const program of programs) await writeFile(program, "#!/usr/local/bin/node\nimport '../main.js';\n");

// Whatever the umask says: everyone may read the files in the image, and they are the same on each machine.
const executables = new Set([join(OUT, 'main.js'), ...programs]);
for (const file of ['.', ...(await readdir(OUT, { recursive: true }))]) {
  const path = join(OUT, file);
  const isProgram = executables.has(path) || (await stat(path)).isDirectory();
  await chmod(path, isProgram ? 0o755 : 0o644);
}
