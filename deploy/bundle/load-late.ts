import { createRequire } from 'node:module';
import type { Plugin } from 'esbuild';
import { ASKED } from './asked.ts';

/*
 * Dependencies load at once what they use later, seldom or never. Here it is loaded when something of it is first used.
 */

/** Modules of Node's own: HTTP/2, which Fastify could serve; and all that an `import` of `node:util` reads, worker threads included. */
const LATE_BUILTINS: ReadonlySet<string> = new Set(['node:http2', 'node:util']);

/**
 * Packages, each in a file of its own beside the parts of the program: for proxies (SOCKS, and WebSockets through others), for logins
 * of a kubeconfig (OpenID Connect, the tools of two clouds), and for plugins of Fastify that ask for a version of it.
 */
const LATE_PACKAGES: ReadonlySet<string> = new Set([
  'socks',
  'socks-proxy-agent',
  'hpagent',
  'openid-client',
  'jsonpath-plus',
  'semver',
]);

/** How esbuild makes these files: as CommonJS, which can be loaded without waiting. */
export const LATE_PARTS = {
  entryPoints: [...LATE_PACKAGES].map((name) => ({ in: name, out: `parts/${name}` })),
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  splitting: false,
  banner: {},
} as const;

const require = createRequire(import.meta.url);

export const loadLate: Plugin = {
  name: 'load-late',
  setup(bundler) {
    bundler.onResolve(
      { filter: /^/ },
      async ({ path, kind, importer, resolveDir, namespace, pluginData }) => {
        if (namespace === 'stand-in') return { path, external: true };
        if (pluginData === ASKED || (kind !== 'import-statement' && kind !== 'require-call'))
          return undefined;
        if (LATE_BUILTINS.has(path)) return { path, namespace: 'stand-in', pluginData: path };
        if (!LATE_PACKAGES.has(path)) return undefined;
        const [own, top] = await Promise.all(
          [resolveDir, import.meta.dirname].map((folder) =>
            bundler.resolve(path, { kind, importer, resolveDir: folder, pluginData: ASKED }),
          ),
        );
        // Another version, for this importer alone, would be another package.
        return own?.path === top?.path
          ? { path, namespace: 'stand-in', pluginData: `./${path}.cjs` }
          : undefined;
      },
    );
    bundler.onLoad({ filter: /^/, namespace: 'stand-in' }, ({ path, pluginData }) => ({
      contents: standIn(String(pluginData), Object.keys(require(path))),
    }));
  },
};

/** A CommonJS module that stands for another with these exports. */
function standIn(path: string, names: readonly string[]): string {
  const members = names.map((name) => `get ${name}() { return load().${name}; },\n`);
  return `let loaded;
const load = () => (loaded ??= require('${path}'));
module.exports = {\n${members.join('')}};
`;
}
