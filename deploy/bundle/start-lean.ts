import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import { ASKED } from './asked.ts';
import { loadLate } from './load-late.ts';

/*
 * What a process reads, compiles and runs before it is ready is paid at each start, and kept in memory. Much of what the
 * dependencies bring along is never used here. Measured: docs/performance.md.
 */

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
      // Its thousand files import each other with their whole names. esbuild would read their folder again for each.
      if (/^\..*\.js$/.test(path)) return { path: join(resolveDir, path), sideEffects: false };
      const found = await bundler.resolve(path, { importer, kind, resolveDir, pluginData: ASKED });
      return { ...found, sideEffects: false };
    });
  },
};

/** Undici's index loads mocks, caches, a WebSocket client and more; this is what client-node and our own client use of it. */
const UNDICI = `
const Dispatcher = require('./lib/dispatcher/dispatcher.js');
Dispatcher.prototype.request = require('./lib/api/api-request.js');
Dispatcher.prototype.connect = require('./lib/api/api-connect.js');
exports.Agent = require('./lib/dispatcher/agent.js');
exports.ProxyAgent = require('./lib/dispatcher/proxy-agent.js');
`;

const onlyUsedOfUndici: Plugin = {
  name: 'only-used-of-undici',
  setup(bundler) {
    bundler.onLoad({ filter: /\/node_modules\/undici\/index\.js$/ }, () => ({ contents: UNDICI }));
  },
};

/**
 * What a package loads and uses only for what we do not do, as it names it. It fails if it is ever called: a route with a schema, a
 * proxy to be trusted and `inject` of Fastify, forms of undici, exemplars, summaries and the Pushgateway, pino's threads.
 */
const UNUSED: Readonly<Record<string, readonly string[]>> = {
  fastify: [
    '@fastify/ajv-compiler',
    '@fastify/fast-json-stringify-compiler',
    '@fastify/proxy-addr',
    'light-my-request',
  ],
  undici: ['../web/fetch/body.js', '../web/fetch/formdata', '../web/webidl'],
  'prom-client': ['./lib/pushgateway', './lib/summary', '@opentelemetry/api'],
  pino: ['./lib/transport', './transport'],
};

const leaveOutUnused: Plugin = {
  name: 'leave-out-unused',
  setup(bundler) {
    bundler.onResolve({ filter: /^/ }, ({ path, kind, importer }) => {
      const [, loader = ''] = /.*\/node_modules\/([^/]+)\//.exec(importer) ?? [];
      if (kind !== 'require-call' || UNUSED[loader]?.includes(path) !== true) return undefined;
      return { path, namespace: 'unused' };
    });
    // Fastify calls the first two for a function that it would call for a schema.
    bundler.onLoad({ filter: /^/, namespace: 'unused' }, ({ path }) => ({
      contents: `module.exports = () => () => { throw new Error('${path} is not bundled'); };`,
    }));
  },
};

/** pino loads worker threads to ask whether it is in one. Here nobody is. */
const onlyMainThread: Plugin = {
  name: 'only-main-thread',
  setup(bundler) {
    bundler.onResolve({ filter: /^worker_threads$/ }, ({ path, importer }) =>
      /\/node_modules\/pino\//.test(importer) ? { path, namespace: 'main-thread' } : undefined,
    );
    bundler.onLoad({ filter: /^/, namespace: 'main-thread' }, () => ({
      contents: 'exports.isMainThread = true;',
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
  loadLate,
  requireBuiltins,
  onlyUsedOfUndici,
  leaveOutUnused,
  onlyMainThread,
  loadHttp2Late,
  onlyUsedOfClient,
];
