/** `pluginData` of what a plugin asks esbuild itself to resolve, so that no plugin is asked again. */
export const ASKED = 'asked';
