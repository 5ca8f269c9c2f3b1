// How the HTML report looks: light, dark, on paper, on a narrow screen. Fonts are those of the reader's system.

const light = `--paper:#fbfaf7;--card:#fff;--ink:#22272e;--quiet:#5d6570;--line:#e2dfd8;--accent:#2b5f8f;
--good:#24703f;--warn:#8a5a00;--bad:#b3261e;--good-bg:#eaf4ec;--warn-bg:#fbf1de;--bad-bg:#fbe9e7;
--s0:#3f6f9f;--s1:#c67c28;--s2:#4f9070;--s3:#8a6bb0;--s4:#b65f78;--s5:#868d96;
--h0:#f0eeea;--h1:#c9dced;--h2:#a9c8e1;--h3:#82acd1;--h4:#5a8dbd;--h5:#3a6fa1;--h6:#224a73`;
const dark = `--paper:#16191d;--card:#1d2126;--ink:#e4e2dc;--quiet:#9ba4ae;--line:#30363d;--accent:#8dbbe3;
--good:#7ec699;--warn:#e0b25f;--bad:#f28b82;--good-bg:#1b2a20;--warn-bg:#2d2617;--bad-bg:#331f1e;
--s0:#6b9fd0;--s1:#dca05a;--s2:#78b894;--s3:#a98fd0;--s4:#d18399;--s5:#6d7681;
--h0:#22272d;--h1:#28435b;--h2:#2d5474;--h3:#34698f;--h4:#4283b1;--h5:#5f9dcb;--h6:#9cc7ea`;

/** The whole style sheet. */
export const style = `
:root{${light};color-scheme:light dark}
@media (prefers-color-scheme:dark){:root{${dark}}}
*{box-sizing:border-box}
html{scroll-behavior:smooth;scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
display:grid;grid-template-columns:minmax(0,1fr);max-width:80rem;margin-inline:auto;padding:0 1.25rem 4rem;overflow-wrap:break-word;font-variant-numeric:tabular-nums}
header{padding:3rem 0 1rem}
h1{font-size:2rem;line-height:1.2;margin:.1em 0;font-weight:650;letter-spacing:-.01em}
h1 span{color:var(--quiet);font-weight:400}
h2{font-size:1.35rem;line-height:1.3;margin:0 0 .75rem;font-weight:650}
h3{font-size:1rem;margin:0 0 .2rem;font-weight:650}
p{margin:0 0 1rem;max-width:46rem}
a{color:var(--accent)}
code,pre{font:.85em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
pre{background:var(--card);border:1px solid var(--line);border-radius:6px;padding:.7rem .9rem;margin:0 0 1rem;white-space:pre-wrap}
pre code{font-size:1em}
.kind{margin:0;color:var(--accent);font-weight:600}
.quiet,.label{color:var(--quiet)}
.label{margin:0 0 .25rem;font-size:.85rem}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--card);padding:.5rem 1rem;z-index:1}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
nav ol{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem 1rem;font-size:.9rem}
nav a{color:var(--quiet);text-decoration:none}
nav a:hover{color:var(--accent);text-decoration:underline}
main{min-width:0}
section{padding:2.25rem 0 .5rem;border-top:1px solid var(--line);margin-top:1.75rem}
section:first-child{border-top:0;margin-top:0}
.verdict{border-radius:8px;padding:.8rem 1rem;max-width:none;font-weight:550}
.good{color:var(--good)}.warn{color:var(--warn)}.bad{color:var(--bad)}
.verdict.good{background:var(--good-bg)}.verdict.warn{background:var(--warn-bg)}.verdict.bad{background:var(--bad-bg);border:2px solid var(--bad)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(13rem,1fr));gap:.75rem;margin:0 0 1rem}
.figures div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:.8rem 1rem;color:var(--ink)}
.figures dt{color:var(--quiet);font-size:.85rem}
.figures dd{margin:0}
.figures strong{display:block;font-size:1.6rem;line-height:1.25;font-weight:650}
.figures .warn strong{color:var(--warn)}.figures .bad strong{color:var(--bad)}
.figures span{color:var(--quiet);font-size:.85rem;line-height:1.35;display:block}
.facts{margin:0 0 1.25rem}
.facts div{display:grid;grid-template-columns:minmax(9rem,13rem) minmax(0,1fr);gap:0 1rem;padding:.3rem 0;border-bottom:1px solid var(--line)}
.facts div:last-child{border-bottom:0}
.facts dt{color:var(--quiet);font-size:.9rem}
.facts dd{margin:0}
figure{margin:0 0 2rem;min-width:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem 1.1rem .8rem}
figcaption p{color:var(--quiet);font-size:.9rem;margin:0 0 .8rem}
.scroll{overflow-x:auto;background:linear-gradient(90deg,var(--paper) 40%,transparent) 0 0/2.5rem 100% no-repeat local,
linear-gradient(270deg,var(--paper) 40%,transparent) 100% 0/2.5rem 100% no-repeat local,
linear-gradient(90deg,var(--line),transparent) 0 0/.8rem 100% no-repeat scroll,linear-gradient(270deg,var(--line),transparent) 100% 0/.8rem 100% no-repeat scroll}
figure .scroll{--paper:var(--card)}
.chart{display:block;width:100%;height:auto;overflow:visible}
.chart rect{stroke:var(--card);stroke-width:.5}
.bars .row{display:grid;grid-template:"name length count"/minmax(0,16rem) minmax(0,1fr) 4rem;gap:0 .75rem;align-items:center;padding:.16rem 0;font-size:.8125rem;line-height:1.3}
.bars.short .row{grid-template-columns:minmax(0,7rem) minmax(0,1fr) 4rem}
.bars .name{grid-area:name;text-align:right;overflow-wrap:anywhere}.bars .count{grid-area:count}
.length{grid-area:length;display:block;width:100%;height:.95rem}
.axis{font-size:12px;fill:var(--quiet)}.end{text-anchor:end}
.grid{stroke:var(--line)}.base{stroke:var(--quiet)}
.bar{fill:var(--s0)}.bar.warn{fill:var(--warn)}.bar.bad{fill:var(--bad)}
${[0, 1, 2, 3, 4, 5].map((index) => `.s${index}{fill:var(--s${index});background:var(--s${index})}`).join('')}
${[0, 1, 2, 3, 4, 5, 6].map((index) => `.h${index}{fill:var(--h${index});background:var(--h${index})}`).join('')}
.chart g:hover rect{opacity:.75}
.legend{list-style:none;display:flex;flex-wrap:wrap;align-items:center;gap:.2rem 1rem;margin:.4rem 0 .2rem;padding:0;font-size:.85rem;color:var(--quiet)}
p.legend{gap:.2rem}.legend li{min-width:0;overflow-wrap:anywhere}
.key{display:inline-block;width:.8rem;height:.8rem;border-radius:2px;margin-right:.4rem}
p.legend .key{margin:0;width:1.1rem}
details{margin:.5rem 0 0;font-size:.9rem}
summary{color:var(--quiet);cursor:pointer}
details .scroll{max-height:24rem;overflow-y:auto}
table{border-collapse:collapse;width:100%;margin:0 0 1.5rem;font-size:.8125rem;line-height:1.4}
.line{display:block}.whole{white-space:nowrap}
table.narrow{width:auto;min-width:min(22rem,100%)}
caption{text-align:left;font-weight:650;padding:.3rem 0 .4rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--line);font-weight:400;overflow-wrap:break-word;max-width:26rem}
thead th{color:var(--quiet);font-weight:600;vertical-align:bottom;border-bottom:1px solid var(--quiet)}
.n{text-align:right}td.n{white-space:nowrap}
td code,th code{overflow-wrap:normal;white-space:nowrap}code.long{overflow-wrap:anywhere!important;white-space:normal!important}
.none{font-size:.9rem;color:var(--quiet)}.none strong{color:var(--ink);font-weight:600}
.control{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:1rem 1.1rem .3rem;margin:0 0 1rem}
.standing{margin:0 0 .4rem}
footer{color:var(--quiet);font-size:.85rem;border-top:1px solid var(--line);margin-top:2rem;padding-top:1rem}
@media (min-width:68rem){
body{grid-template-columns:12.5rem minmax(0,1fr);column-gap:3rem}
header,footer{grid-column:2}
nav{grid-column:1;grid-row:1/4;padding-top:3.2rem}
nav ol{position:sticky;top:2rem;flex-direction:column;gap:.45rem}
main{grid-column:2}
}
@media (max-width:36rem){
body{padding-inline:.9rem}h1{font-size:1.5rem}header{padding-top:1.5rem}
.facts div{grid-template-columns:minmax(0,1fr)}
.figures{grid-template-columns:1fr 1fr}
.chart .axis{font-size:25px}.chart .minor{display:none}
.bars .row,.bars.short .row{grid-template:"name count" "length length"/minmax(0,1fr) auto;padding:.3rem 0}
.bars .name{text-align:left}.length{height:.7rem}
}
@media (forced-colors:active){.key,.chart rect,.bar{forced-color-adjust:none}.verdict{border:2px solid}}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
@media print{
:root{${light};color-scheme:light}
@page{margin:14mm 12mm}
html{font-size:9.5pt}
body{display:block;max-width:none;padding:0;font-size:1rem;background:#fff;--paper:#fff}
nav,.skip,details{display:none}
header{padding:0}
main,header{padding-right:1px}
section{padding:1rem 0 0;margin-top:1rem}
h2,h3,caption,figcaption{break-after:avoid}
figure,.control,.figures div,.facts div,.verdict,tr,pre{break-inside:avoid}
p{orphans:3;widows:3}
.scroll{overflow:visible;background:none}
table{font-size:7.5pt}
th,td{padding-right:.5rem;max-width:none}
thead th{white-space:normal}
.n,td,th{white-space:normal}
a{color:inherit;text-decoration:none}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
