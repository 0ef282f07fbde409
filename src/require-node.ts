import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describeOldNode } from './process/old-node.ts';

/*
 * Imported before all else: in an older Node one line is printed, instead of what fails first in it. In the bundle this is at
 * the top of main.js, which loads no other file before it, so nothing that an older Node cannot read.
 */

const brought = fileURLToPath(
  new URL(`../node_modules/node-${process.platform}-${process.arch}/bin`, import.meta.url),
);
const tooOld = describeOldNode(process.versions.node, existsSync(brought) ? brought : undefined);
if (tooOld !== undefined) {
  process.stderr.write(`${tooOld}\n`);
  process.exit(3);
}
