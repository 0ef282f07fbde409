// Runs on any Node and before `npm ci`, so that one readable line says what is missing, not the stack of what fails first.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

function refuse(what) {
  console.error(`jwt-injector ${what}`);
  process.exit(3);
}

if (!existsSync(join(__dirname, '../node_modules')))
  refuse('is not installed in this checkout: run "npm ci" first (it brings Node 24, too, on Linux).');
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24)
  refuse(
    `needs Node 24 or newer, this is ${process.version}: run "npm ci" without --omit=optional (it brings Node 24 on Linux) or install Node 24.`,
  );
