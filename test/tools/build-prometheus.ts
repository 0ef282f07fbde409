import { findPrometheusTool } from './prometheus.ts';

// Before the tests that use them: with cold caches it takes longer than a test may.
console.log('prometheus and promtool: from the cache, or built once, in some minutes');
for (const name of ['prometheus', 'promtool'] as const) console.log(await findPrometheusTool(name));
