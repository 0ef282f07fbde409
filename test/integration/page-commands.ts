import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCS = join(import.meta.dirname, '../../docs');

/** Shell commands of a page, and what must be there for them: more than a cluster, or what no test has. */
export interface PageCommands {
  readonly needs: 'cluster' | 'storage' | 'more';
  readonly commands: string;
}

/** A block of commands, after the comment that says who runs it, if there is one. */
const BLOCK = /(?:<!-- (not run|run by npm run verifiers alone): [^\n]+ -->\n\n)?```sh\n([\s\S]*?)```/g;

/** The blocks of commands in `docs/<page>.md`, from the first to the last. */
export async function readCommands(page: string): Promise<readonly PageCommands[]> {
  const text = await readFile(join(DOCS, `${page}.md`), 'utf8');
  return [...text.matchAll(BLOCK)].map(([, mark, commands = '']) => ({
    needs: mark === undefined ? 'cluster' : mark === 'not run' ? 'more' : 'storage',
    commands,
  }));
}
