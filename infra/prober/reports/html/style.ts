/** The style of the HTML report: light and dark by the reader's setting, one column on small screens, plain on paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #fbfbf9; --card: #ffffff; --ink: #1c1f23; --soft: #5d6570; --line: #e2e4e1; --track: #eff0ed;
  --pass: #1a7f4b; --fail: #c62f2f; --error: #b06000; --skipped: #737b86; --mark: #2f5fd0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2026; --ink: #e7e9ec; --soft: #9aa3af; --line: #2d333b; --track: #262b32;
    --pass: #4fc283; --fail: #ff7b72; --error: #e5a04b; --skipped: #8b949e; --mark: #7aa2ff;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2.5rem 1.25rem 4rem; max-width: 60rem; background: var(--paper); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
h1 { font-size: 1.5rem; margin: 0; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.75rem 0 .75rem; font-weight: 650; }
h3 { font-size: 1rem; margin: 0; font-weight: 650; }
p { margin: .4rem 0; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.reason { unicode-bidi: isolate; overflow-wrap: anywhere; }
.said, code { font-family: ui-monospace, SFMono-Regular, Menlo, "DejaVu Sans Mono", monospace; font-size: .87em; }
.said { unicode-bidi: isolate; overflow-wrap: anywhere; white-space: pre-wrap; }
.pass { --hue: var(--pass); } .fail { --hue: var(--fail); } .error { --hue: var(--error); }
.inconclusive { --hue: var(--error); } .skipped { --hue: var(--skipped); }
.badge {
  display: inline-block; padding: .05rem .55rem; border-radius: 1rem; font-size: .8rem; font-weight: 650; white-space: nowrap;
  color: var(--hue); border: 1px solid var(--hue); background: color-mix(in srgb, var(--hue) 10%, transparent);
}
.verdict { border-left: .35rem solid var(--hue); padding: .2rem 0 .2rem 1.1rem; }
.verdict .word { color: var(--hue); font-size: 2rem; line-height: 1.2; font-weight: 700; }
.meta { display: flex; flex-wrap: wrap; gap: .35rem 2rem; margin: 1.25rem 0 0; }
.meta div { min-width: 5rem; } .meta dt { color: var(--soft); font-size: .8rem; } .meta dd { margin: 0; overflow-wrap: anywhere; }
.plot { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem .6rem; }
.row { display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr 4.5rem; gap: .75rem; align-items: center; min-height: 1.75rem; }
.row > :first-child { overflow-wrap: anywhere; color: inherit; text-decoration: none; }
.row > a:hover, .row > a:focus { text-decoration: underline; }
.row > :last-child { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.track { position: relative; height: .85rem; background: var(--track); border-radius: .2rem; }
.track i { position: absolute; top: 0; bottom: 0; min-width: 3px; border-radius: .2rem; background: var(--hue, var(--mark)); }
.track b {
  position: absolute; top: 50%; width: .65rem; height: .65rem; margin: -.325rem 0 0 -.325rem; border-radius: 50%;
  background: var(--mark); opacity: .75;
}
.track b.many { width: .4rem; height: .4rem; margin: -.2rem 0 0 -.2rem; opacity: .45; }
.axis .track { background: none; height: 1.2rem; }
.axis .track span { position: absolute; transform: translateX(-50%); color: var(--soft); font-size: .75rem; white-space: nowrap; }
.axis .track span:first-child { transform: none; } .axis .track span:last-child { transform: translateX(-100%); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1.1rem; margin: .75rem 0; break-inside: avoid; }
.card.fail, .card.error { border-left: .35rem solid var(--hue); }
.card header { display: flex; flex-wrap: wrap; gap: .3rem .75rem; align-items: baseline; }
.card header .soft { margin-left: auto; font-size: .87rem; }
.told { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: .75rem 0 0; }
.told dt { color: var(--soft); } .told dd { margin: 0; min-width: 0; }
.told .differs { color: var(--fail); font-weight: 600; }
figure { display: inline-block; margin: .9rem 1rem 0 0; max-width: 100%; vertical-align: top; }
figure img {
  display: block; min-width: 9rem; max-width: min(20rem, 100%); max-height: 20rem; border: 1px solid var(--line); border-radius: .3rem;
  background: #fff; image-rendering: pixelated;
}
figcaption { color: var(--soft); font-size: .85rem; margin-top: .25rem; max-width: 20rem; overflow-wrap: anywhere; }
details { margin-top: .7rem; } summary { color: var(--soft); cursor: pointer; font-size: .87rem; }
table { border-collapse: collapse; margin-top: .5rem; font-size: .87rem; width: 100%; }
td { border-top: 1px solid var(--line); padding: .2rem .6rem .2rem 0; vertical-align: top; } td:first-child { color: var(--soft); width: 14rem; }
footer { margin-top: 3rem; color: var(--soft); font-size: .87rem; }
@media (max-width: 34rem) {
  .row { grid-template-columns: 6rem 1fr 4.5rem; gap: .5rem; } td:first-child { width: 8rem; }
  .axis .track span:not(:first-child, :last-child) { display: none; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --line: #bbb; --track: #eee;
    --pass: #116334; --fail: #a31515; --error: #8a4b00; --skipped: #555; --mark: #1e4bb5; }
  body { max-width: none; padding: 0; font-size: 11px; }
  * { print-color-adjust: exact; }
  details::details-content { content-visibility: visible; block-size: auto; }
}
`;
