/** The style of an issuer's page: system fonts, light and dark as the reader's system is, from phones on. */
export const PAGE_STYLE = `
:root { --ink: #1c2024; --soft: #5b6470; --paper: #fbfbf9; --card: #fff; --line: #dfe3e6; --accent: #0b6e6e; --code: #f0f3f4 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e7eaec; --soft: #9aa5b0; --paper: #14181b; --card: #1c2226; --line: #313a41; --accent: #5fc9c0; --code: #232b30 }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif }
main { max-width: 46rem; margin: 0 auto; padding: clamp(1.25rem, 5vw, 3.5rem) clamp(1rem, 4vw, 2rem) }
h1 { margin: 0; font-size: 1.9rem; letter-spacing: -.02em }
h2 { margin: 2.75rem 0 .75rem; font-size: 1.25rem }
h3 { margin: 1.75rem 0 .25rem; font-size: 1rem }
p { margin: .5rem 0 }
code { font: .9em/1.5 ui-monospace, monospace; overflow-wrap: anywhere }
.issuer { margin: .35rem 0 1.25rem; color: var(--accent); font-size: 1.15rem; font-weight: 600 }
.links a { display: inline-block; margin: .5rem .5rem 0 0; padding: .4rem .9rem; border: 1px solid var(--line);
  border-radius: .5rem; background: var(--card) }
a { color: var(--accent); text-underline-offset: .2em }
article { margin: .75rem 0; padding: 1rem 1.15rem; border: 1px solid var(--line); border-left: .3rem solid var(--accent);
  border-radius: .5rem; background: var(--card) }
article.retired, article.kept { border-left-color: var(--line) }
dl { margin: 0; display: grid; gap: .4rem }
dl div { display: grid; grid-template-columns: 9.5rem 1fr; gap: .25rem 1rem }
dt { color: var(--soft) }
dd { margin: 0 }
pre { margin: .5rem 0; padding: .9rem 1rem; border-radius: .5rem; background: var(--code); overflow-x: auto }
pre code { overflow-wrap: normal }
ul { padding-left: 1.2rem }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .9rem }
@media (max-width: 32rem) { dl div { grid-template-columns: 1fr; gap: 0 } }
`;
