import manifest from '../package.json' with { type: 'json' };

/** The package's version; the bundle holds it as it was when it was made. */
export const PACKAGE_VERSION: string = manifest.version;
