import { findPrometheusTool } from './prometheus.ts';

// Built before the tests that use them: with cold caches, building takes longer than a test is allowed to.
console.log('prometheus and promtool: from the cache, or built once, in some minutes');
for (const name of ['prometheus', 'promtool'] as const) console.log(await findPrometheusTool(name));
