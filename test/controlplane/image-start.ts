import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const DOCKERFILE = join(import.meta.dirname, '../../Dockerfile');
const PROGRAM = '/app/dist/main.js';

/** How the image starts the program. */
export interface ImageStart {
  /** Flags of Node. */
  readonly flags: readonly string[];
  /** Environment that the image sets, without `PATH`. */
  readonly env: Readonly<Record<string, string>>;
}

/** Reads it from the Dockerfile, so that a process without the image starts as in it. */
export async function readImageStart(): Promise<ImageStart> {
  const text = (await readFile(DOCKERFILE, 'utf8')).replaceAll('\\\n', '');
  const entrypoint: readonly string[] = JSON.parse(/^ENTRYPOINT (.*)$/m.exec(text)?.[1] ?? '[]');
  const [node, ...rest] = entrypoint;
  const flags = rest.slice(0, -1);
  if (node !== 'node' || rest.at(-1) !== PROGRAM)
    throw new Error(`the ENTRYPOINT of ${DOCKERFILE} is not node, flags and ${PROGRAM}`);
  const pairs = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((pair) => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value] as const;
    }),
  );
  return { flags, env: Object.fromEntries(pairs.filter(([name]) => name !== 'PATH')) };
}
