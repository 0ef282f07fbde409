import type { BundledPackage } from './bundled-packages.ts';

/** The licences of the packages, as a text to ship beside the bundle. */
export function describeLicenses(packages: readonly BundledPackage[]): string {
  const title = 'jwt-injector is bundled with the following packages; their licences follow.\n';
  return [title, ...packages.map(describe)].join(`\n${'-'.repeat(80)}\n\n`);
}

function describe({ name, version, license, texts }: BundledPackage): string {
  return [`${name} ${version} (${license})\n`, ...texts.map((text) => `${text.trim()}\n`)].join('\n');
}
