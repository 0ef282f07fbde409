import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');

/** Pages whose commands are all run, in this order: later pages use what the first one creates. */
export const RUN_WHOLE = [
  'quickstart',
  'rotation',
  'clients',
  'troubleshooting',
  'tokens',
  'injection',
] as const;

/** Shell commands of a page, and what they need: a cluster, or a storage as well. */
export interface PageCommands {
  readonly needs: 'cluster' | 'storage';
  readonly commands: string;
}

/** A block of commands, after the comment that says what runs it, if there is one. */
const BLOCK = /(<!-- run by npm run verifiers alone: [^\n]+ -->\n\n)?```sh\n([\s\S]*?)```/g;

/** All blocks of commands in `docs/<page>.md`, in order. */
export async function readCommands(page: string): Promise<readonly PageCommands[]> {
  const text = await readFile(join(DOCS, `${page}.md`), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, mark, commands = '']) => ({
    needs: mark === undefined ? 'cluster' : 'storage',
    commands,
  }));
}
