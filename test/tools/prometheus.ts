import { join } from 'node:path';
import { findGoTool } from './go-tool.ts';

const MODULE = join(import.meta.dirname, 'prometheus');

/** Without the clients of all clouds, which find targets: ours are in a file. Half as much to build. */
const TAGS = ['remove_all_sd'];

/** The path of `prometheus` or `promtool`: from the cache, else built in minutes. Throws with what lacks. */
export function findPrometheusTool(name: 'prometheus' | 'promtool'): Promise<string> {
  return findGoTool(MODULE, process.env, { name, tags: TAGS });
}
