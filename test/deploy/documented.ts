import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

/** The instructions of one section of a page. */
export interface Instructions {
  /** Shell commands, in order, without those that are marked as not run in CI. */
  readonly commands: readonly string[];
  /** Files that the section shows, by the path in their first line. */
  readonly files: Readonly<Record<string, string>>;
}

/** The commands and files below a heading, up to the next heading. Throws if there is no such heading. */
export function readInstructions(page: string, heading: string): Instructions {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const start = text.indexOf(`\n${heading}\n`);
  if (start === -1) throw new Error(`${page} has no heading ${heading}`);
  const [, section = ''] = text.slice(start).split(/^#{2,} .*$/m, 2);
  const run = section.replaceAll(/<!-- not run in CI: [^>]*-->\s*```console\n[\s\S]*?```/g, '');
  const commands = blocks(run, 'console').flatMap((block) =>
    [...block.matchAll(/^\$ (.*)$/gm)].map(([, command = '']) => command),
  );
  const files = blocks(section, 'yaml').flatMap((block) => {
    const [, path] = /^# (\S+\.yaml)\n/.exec(block) ?? [];
    return path === undefined ? [] : [[path, block] as const];
  });
  return { commands, files: Object.fromEntries(files) };
}

function blocks(text: string, language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(
    ([, content = '']) => content,
  );
}
