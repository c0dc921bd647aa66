// The style of single-file reports: the same in light and dark, on paper and on a narrow screen.

const LIGHT =
  "--paper:#f6f7f9;--card:#fff;--ink:#16191f;--quiet:#5a6270;--rule:#dfe3e9;--good:#14703d;--bad:#b3261e;--s1:#2f74d0;--s2:#d9722a;--s3:#16958a;--s4:#8559d3;--s5:#cf4670;--s6:#7b8f23";
const DARK =
  "--paper:#101317;--card:#191d23;--ink:#e8ebf0;--quiet:#9aa4b2;--rule:#2c323b;--good:#6fd39a;--bad:#ff8f86;--s1:#5b9bf0;--s2:#ef9350;--s3:#3dbdb1;--s4:#a785ea;--s5:#ea7097;--s6:#a5b94c";

/** For pictures, wherever they stand. */
export const PICTURE_STYLE = [
  `:root{${LIGHT}}`,
  `@media (prefers-color-scheme:dark){:root{${DARK}}}`,
  "svg{font:12px system-ui,sans-serif}",
  "text{fill:var(--quiet);font-variant-numeric:tabular-nums}.name,.title{fill:var(--ink)}.title{font-weight:600;font-size:14px}.inside{fill:var(--card)}",
  ".paper{fill:var(--card)}.grid{stroke:var(--rule)}",
  ...[1, 2, 3, 4, 5, 6].map((index) => `.series-${index}{--c:var(--s${index})}`),
  ".median{--c:var(--s1)}.slow{--c:var(--s5)}.worst{--c:var(--s4)}.failed{--c:var(--bad)}.line.p99{stroke-dasharray:4 3;stroke-width:1.3}",
  ".area{fill:var(--c);fill-opacity:.8}.line{fill:none;stroke:var(--c);stroke-width:1.6;stroke-linejoin:round}.dot{fill:var(--c)}",
  ".moment line{stroke:var(--quiet);stroke-dasharray:3 3}.moment path{fill:var(--quiet)}",
  ".moment.switch line{stroke:var(--ink);stroke-dasharray:none}.moment.switch path{fill:var(--ink)}",
  ".moment.lifeline_lost line,.moment.pod_deadline line{stroke:var(--bad)}.moment.lifeline_lost path,.moment.pod_deadline path{fill:var(--bad)}",
  ".bar{fill:var(--quiet)}.bar.handshake,.bar.switch,.bar.probe,.bar.gates{fill:var(--s3)}.bar.start,.bar.pull{fill:var(--s1)}",
  ".bar.hold,.bar.last-call{fill:var(--s2)}.bar.drain{fill:var(--s4)}.bar.cut{fill:var(--bad)}.bar.commit,.bar.lame-duck{fill:var(--s6)}",
  ".goes-on{fill:none;stroke:var(--card);stroke-width:2}.deadline{stroke:var(--bad);stroke-width:2}.deadline-text{fill:var(--bad)}",
].join("\n");

/** For a page of them. */
export const REPORT_STYLE = [
  PICTURE_STYLE,
  ":root{color-scheme:light dark;font:15px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif}",
  "*{box-sizing:border-box;margin:0}body{background:var(--paper);color:var(--ink);padding:1.5rem 1rem}",
  "main{max-width:1060px;margin:0 auto;display:grid;gap:1rem}h1{font-size:1.5rem}h2{font-size:1.15rem}h3{font-size:1rem;margin-top:.8rem}",
  "section,header.card{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:1.1rem 1.2rem;min-width:0}",
  "p{margin-top:.4rem}.quiet,figcaption,dt,thead th{color:var(--quiet)}.good{color:var(--good)}.bad{color:var(--bad)}.verdict{font-weight:600}",
  "svg{display:block;width:100%;height:auto;margin-top:.5rem}figure{margin-top:.8rem}figcaption{font-size:.88rem}",
  ".key{color:var(--ink);margin-left:1rem;white-space:nowrap}.swatch{display:inline-block;width:.7em;height:.7em;border-radius:3px;margin-right:.4em;background:var(--c)}",
  ".scroll{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;margin-top:.6rem}",
  "th,td{padding:.22rem 1.2rem .22rem 0;text-align:right;border-bottom:1px solid var(--rule);vertical-align:top}",
  "th[scope=row],.words td,.words th{text-align:left;font-weight:500}thead th{font-weight:500}td.wide{white-space:normal;overflow-wrap:anywhere}",
  "details{margin-top:.8rem}summary{cursor:pointer;color:var(--quiet)}code{font:.88em ui-monospace,monospace}",
  "dl{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin-top:.6rem}dt{font-size:.8rem}dd{font-size:1.2rem;font-weight:600}",
  "@media print{body{background:none;padding:0}section,header.card{break-inside:avoid}}",
].join("\n");
