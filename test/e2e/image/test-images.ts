import { cp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAUSE_IMAGE } from '../cluster/node-files.ts';
import type { Runner } from '../../machine/runner.ts';

/** The image for the pods of the stories. */
export const BUSYBOX_IMAGE = 'docker.io/library/busybox:1.35';

const PASSWD = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n';
const GROUP = 'root:x:0:\nnogroup:x:65534:\n';

/**
 * Makes the busybox image, and a pause image from it, from Debian's busybox; resolves to their OCI archives
 * in `folder`.
 */
export async function makeTestImages(
  runWithPackages: Runner,
  packages: string,
  folder: string,
): Promise<readonly string[]> {
  const root = join(folder, 'busybox');
  for (const name of ['bin', 'etc', 'root', 'tmp', 'var']) await mkdir(join(root, name), { recursive: true });
  await cp(join(packages, 'usr/bin/busybox'), join(root, 'bin/busybox'));
  const programs = (await runWithPackages('busybox', ['--list'])).split('\n').filter(Boolean);
  for (const name of programs) if (name !== 'busybox') await symlink('busybox', join(root, 'bin', name));
  await writeFile(join(root, 'etc/passwd'), PASSWD);
  await writeFile(join(root, 'etc/group'), GROUP);

  const archives: string[] = [];
  for (const [image, command] of [
    [BUSYBOX_IMAGE, 'CMD ["sh"]'],
    [PAUSE_IMAGE, 'ENTRYPOINT ["/bin/sleep", "2147483"]'],
  ] as const) {
    const dockerfile = join(folder, 'Dockerfile');
    await writeFile(dockerfile, `FROM scratch\nCOPY . /\nENV PATH=/bin\n${command}\n`);
    await runWithPackages('buildah', ['build', '--quiet', `--file=${dockerfile}`, `--tag=${image}`, root]);
    const archive = join(folder, `test-image-${archives.length}.tar`);
    await runWithPackages('buildah', ['push', '--quiet', image, `oci-archive:${archive}:${image}`]);
    archives.push(archive);
  }
  await rm(root, { recursive: true });
  return archives;
}
