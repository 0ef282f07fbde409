import { chmod, copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { listBundledPackages } from './bundled-packages.ts';
import { describeLicenses } from './licenses.ts';
import { describePackages } from './sbom.ts';
import { LATE_PARTS } from './load-late.ts';
import { replaceFolder } from './replace-folder.ts';
import { START_LEAN } from './start-lean.ts';

/*
 * Makes dist/: the program with all that it depends on, so that nothing else has to be installed to run it. Each command
 * is a part by itself, as are what several share, and what few of their users need: `sign` loads neither a web server nor the
 * Kubernetes client, and `run` loads nothing for SOCKS before there is such a proxy.
 */
const ROOT = join(import.meta.dirname, '../..');

/** Dependencies that are CommonJS load Node's own modules with `require`, which an ES module does not have. */
const REQUIRE =
  "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);";

/**
 * `run` is one file with all that it loads at its start, instead of some sixty. What it shares with other commands is there twice.
 */
const RUN = 'run';

/** How undici itself bundles what is part of Node: without a second parser of HTTP/1, which is an experiment. */
const UNDICI_AS_IN_NODE = { esbuildDetection: 'true' };

/** The part of a command. It has no hash in its name, as `main.js` is made by itself. */
const partOf = (command: string) => ({ in: `src/commands/${command}.ts`, out: `parts/${command}` });

/** Leaves the commands that `main.ts` loads out of it, and adds their names to the set. */
function referToCommands(commands: Set<string>): Plugin {
  return {
    name: 'refer-to-commands',
    setup(bundler) {
      bundler.onResolve({ filter: /^\.\/[^/]+\.ts$/ }, ({ path, kind }) => {
        if (kind !== 'dynamic-import') return undefined;
        const command = basename(path, '.ts');
        commands.add(command);
        return { path: `./${partOf(command).out}.js`, external: true };
      });
    },
  };
}

/** What is read of package.json. */
interface Product {
  readonly name: string;
  readonly bin: Readonly<Record<string, string>>;
}

await replaceFolder(join(ROOT, 'dist'), bundleInto);

/** Fills the folder. */
async function bundleInto(out: string): Promise<void> {
  const options = {
    absWorkingDir: ROOT,
    outdir: out,
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
    banner: { js: REQUIRE },
    define: UNDICI_AS_IN_NODE,
    metafile: true,
    logLevel: 'warning',
  } as const;
  const plugins = [...START_LEAN];
  const commands = new Set<string>();
  // One file without static imports, in words that older versions of Node can read: it says that they are too old.
  const main = await build({
    ...options,
    target: 'node18',
    entryPoints: ['src/main.ts'],
    plugins: [referToCommands(commands), ...plugins],
  });
  const others = [...commands].filter((command) => command !== RUN).toSorted();
  const made = [
    main,
    await build({ ...options, entryPoints: others.map(partOf), plugins }),
    await build({ ...options, entryPoints: [partOf(RUN)], plugins }),
    await build({ ...options, ...LATE_PARTS, plugins }),
  ];
  const inputs = made.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  const packages = await listBundledPackages(ROOT, inputs);
  await writeFile(join(out, 'licenses.txt'), describeLicenses(packages));
  const { name, bin }: Product = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  await writeFile(join(out, 'sbom.cdx.json'), await describePackages(ROOT, name, packages));

  /** Of what is beside dist/ in the checkout, what is needed wherever it is copied: Node looks for the module type in package.json. */
  for (const file of ['LICENSE', 'package.json']) await copyFile(join(ROOT, file), join(out, file));

  /** What the image has on its PATH. It has no `env`, so Node is named as it is there. */
  await mkdir(join(out, 'bin'));
  const programs = Object.keys(bin).map((program) => join(out, 'bin', program));
  for (const program of programs) await writeFile(program, "#!/usr/local/bin/node\nimport '../main.js';\n");

  // Whatever the umask says: everyone may read the files in the image, and they are the same on each machine.
  const executables = new Set([join(out, 'main.js'), ...programs]);
  for (const file of ['.', ...(await readdir(out, { recursive: true }))]) {
    const path = join(out, file);
    const isProgram = executables.has(path) || (await stat(path)).isDirectory();
    await chmod(path, isProgram ? 0o755 : 0o644);
  }
}
