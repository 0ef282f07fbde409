import { join } from 'node:path';
import { findGoTool } from './go-tool.ts';

const MODULE = join(import.meta.dirname, 'prometheus');

/**
 * Leaves out the clients of all clouds, which find targets: our targets are in a file. This halves the build.
 */
const TAGS = ['remove_all_sd'];

/**
 * The path of `prometheus` or `promtool`: from the cache, else built in minutes. Throws an error that says
 * what is missing.
 */
export function findPrometheusTool(name: 'prometheus' | 'promtool'): Promise<string> {
  return findGoTool(MODULE, process.env, { name, tags: TAGS });
}
