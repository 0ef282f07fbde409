import { chmod, mkdtemp, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A token's file as in a pod: a Secret that the kubelet mounted. */
export interface TokenFile {
  readonly path: string;
  /** Replaces the token at once, as the kubelet does after a change of the Secret. */
  show(token: string): Promise<void>;
}

/** Makes the file in a folder of its own below `folder`. */
export async function mountToken(folder: string, token: string): Promise<TokenFile> {
  const mount = await mkdtemp(join(folder, 'mount-'));
  const data = join(mount, '..data');
  let count = 0;
  const show = async (text: string): Promise<void> => {
    const former = `..${count}`;
    count += 1;
    const next = `..${count}`;
    await mkdir(join(mount, next));
    await writeFile(join(mount, next, 'token'), text, { mode: 0o444 });
    await symlink(next, `${data}_tmp`);
    await rename(`${data}_tmp`, data);
    await rm(join(mount, former), { recursive: true, force: true });
  };
  await chmod(mount, 0o755);
  await show(token);
  await symlink('..data/token', join(mount, 'token'));
  return { path: join(mount, 'token'), show };
}
