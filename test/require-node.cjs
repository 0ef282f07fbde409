// Runs on any Node, so that an older one gets one readable line instead of a syntax error.
const [major = 0] = process.versions.node.split('.').map(Number);
if (major < 24) {
  console.error(
    `jwt-injector needs Node 24 or newer, this is ${process.version}: run "npm ci" without --omit=optional (it brings Node 24 on Linux) or install Node 24.`,
  );
  process.exit(3);
}
