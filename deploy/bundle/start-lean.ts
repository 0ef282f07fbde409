import { isBuiltin } from 'node:module';
import type { Plugin } from 'esbuild';

/*
 * What a process reads, compiles and runs before it is ready is paid at each start, and kept in memory. Much of what the
 * dependencies bring along is never used here. Measured: docs/performance.md.
 */

/** Marks what a plugin asks esbuild itself to resolve, so that it is not asked again. */
const ASKED = 'asked';

/**
 * `import` of a module of Node's own reads each of its exports, and some are loaded only then: of `node:http` a WebSocket
 * client, of `node:crypto` all of WebCrypto. `require` reads none.
 */
const requireBuiltins: Plugin = {
  name: 'require-builtins',
  setup(bundler) {
    bundler.onResolve({ filter: /^/ }, ({ path, kind }) =>
      kind === 'import-statement' && isBuiltin(path) ? { path, namespace: 'builtin' } : undefined,
    );
    bundler.onLoad({ filter: /^/, namespace: 'builtin' }, ({ path }) => ({
      contents: `module.exports = require('${path}');`,
    }));
  },
};

/**
 * client-node has a class for each kind of Kubernetes, and does not say that loading one has no effect of its own. Its
 * only such file gives an old Node a `File`, which ours has.
 */
const onlyUsedOfClient: Plugin = {
  name: 'only-used-of-client',
  setup(bundler) {
    bundler.onResolve({ filter: /^/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
      if (pluginData === ASKED || !/@kubernetes\/client-node/.test(`${importer} ${path}`)) return undefined;
      const found = await bundler.resolve(path, { importer, kind, resolveDir, pluginData: ASKED });
      return { ...found, sideEffects: false };
    });
  },
};

/** Undici's index loads mocks, caches, a WebSocket client and more; this is what client-node and our own client use of it. */
const UNDICI = `
const Dispatcher = require('./lib/dispatcher/dispatcher.js');
Object.assign(Dispatcher.prototype, require('./lib/api'));
exports.Agent = require('./lib/dispatcher/agent.js');
exports.ProxyAgent = require('./lib/dispatcher/proxy-agent.js');
`;

const onlyUsedOfUndici: Plugin = {
  name: 'only-used-of-undici',
  setup(bundler) {
    bundler.onLoad({ filter: /\/node_modules\/undici\/index\.js$/ }, () => ({ contents: UNDICI }));
  },
};

/** What dependencies use only for what we do not do. They load it all the same, and fail if they ever call it. */
const UNUSED = [
  '@fastify/ajv-compiler', // no route has a schema
  '@fastify/fast-json-stringify-compiler',
  '@fastify/proxy-addr', // there is no proxy to be trusted
  'light-my-request', // Fastify's `inject`, for tests
  '../milo/simd.js', // undici's other parser, off by default
  '../milo/no-simd.js',
  './lib/pushgateway', // prom-client's; it has exemplars from the next, too
  '@opentelemetry/api',
  './lib/transport', // pino's, which run in threads of their own
  './transport',
] as const;

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup(bundler) {
    const names: readonly string[] = UNUSED;
    bundler.onResolve({ filter: /^/ }, ({ path, kind }) =>
      kind === 'require-call' && names.includes(path) ? { path, namespace: 'unused' } : undefined,
    );
    // Fastify calls the first two for a function that it would call for a schema.
    bundler.onLoad({ filter: /^/, namespace: 'unused' }, ({ path }) => ({
      contents: `module.exports = () => () => { throw new Error('${path} is not bundled'); };`,
    }));
  },
};

/** HTTP/2 is only spoken to a proxy that prefers it: loaded when it is. */
const loadHttp2Late: Plugin = {
  name: 'load-http2-late',
  setup(bundler) {
    bundler.onResolve({ filter: /\/client-h2\.js$/ }, ({ resolveDir, namespace }) =>
      namespace === 'late' ? undefined : { path: 'client-h2', namespace: 'late', pluginData: resolveDir },
    );
    bundler.onLoad({ filter: /^/, namespace: 'late' }, ({ pluginData }) => ({
      contents: "module.exports = (...given) => require('./client-h2.js')(...given);",
      resolveDir: pluginData,
    }));
  },
};

/** Plugins that keep the start short. Each leaves what the program does as it is. */
export const START_LEAN: readonly Plugin[] = [
  requireBuiltins,
  onlyUsedOfUndici,
  leaveOutUnused,
  loadHttp2Late,
  onlyUsedOfClient,
];
