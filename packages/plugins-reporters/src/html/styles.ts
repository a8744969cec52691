import { schemeVariables } from './colours.js';

/** The page's style sheet. */
export const styles = `
:root{${schemeVariables('light')}}
@media (prefers-color-scheme:dark){:root{${schemeVariables('dark')}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Liberation Sans",Arial,sans-serif}
main,header,footer,nav{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:56px}
.run{margin:0 0 8px;color:var(--quiet);font-size:14px}
h1{margin:0 0 16px;font-size:clamp(26px,3.4vw,38px);line-height:1.18;letter-spacing:-.015em;max-width:24em;text-wrap:balance}
h2{margin:0 0 6px;font-size:22px;line-height:1.3;letter-spacing:-.01em}
h3{margin:28px 0 10px;font-size:16px}
p{margin:0 0 12px;max-width:70ch}
.lead{color:var(--quiet)}
.note{color:var(--quiet);font-size:14px;margin-top:12px}
.facts{display:flex;flex-wrap:wrap;gap:6px 28px;margin:20px 0 0;padding:0;font-size:14px}
.facts div{display:flex;gap:8px}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
nav{margin-top:24px;display:flex;flex-wrap:wrap;gap:4px 20px;font-size:14px}
a{color:var(--accent);text-underline-offset:3px}
section{margin-top:52px;scroll-margin-top:16px}
.warnings{margin:28px 0 0;padding:14px 18px;background:var(--warn-panel);border-left:3px solid var(--warn);border-radius:3px}
.warnings h2{font-size:16px;color:var(--warn)}
.warnings ul{margin:6px 0 0;padding-left:18px}
.warnings li{overflow-wrap:anywhere}
.where{color:var(--quiet)}
.scroll{overflow-x:auto;-webkit-overflow-scrolling:touch}
.scroll:focus-visible,summary:focus-visible,a:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:9px 0 9px 28px;text-align:right;vertical-align:top;font-weight:400}
th:first-child,td:first-child{text-align:left;padding-left:0}
thead th{color:var(--quiet);font-size:14px;vertical-align:bottom;border-bottom:1px solid var(--ink)}
tbody tr+tr>*{border-top:1px solid var(--line)}
.results{width:100%;margin-top:16px;border-bottom:1px solid var(--ink)}
.results tbody th{font-weight:600}
.value{font-size:18px}
.best .value{font-weight:700}
.small{display:block;color:var(--quiet);font-size:13px;line-height:1.45;white-space:nowrap}
.compared{font-size:15px}
.compared .value{font-size:inherit;font-weight:600}
.compared .text{text-align:left;color:var(--quiet);font-size:14px}
.compared tbody th{min-width:15em}
.compared tbody .text+.text{min-width:12.5em}
nav .absent{color:var(--quiet)}
.grid{display:block;margin-top:20px;max-width:none;border:1px solid var(--line);border-radius:3px}
.absent th{color:var(--quiet);font-weight:400!important}
.pictures{--picture:clamp(52px,7vw,84px);margin-top:16px}
.pictures th,.pictures td{padding:3px;text-align:center;border:0!important;vertical-align:middle}
.pictures thead th{vertical-align:top;line-height:1.3;font-size:13px}
.pictures thead th span{display:block;max-width:var(--picture);margin:0 auto}
.pictures thead tr:first-child th{vertical-align:bottom;font-size:14px;font-weight:600;color:var(--ink)}
.pictures .start{padding-left:20px}
.pictures tbody th{position:sticky;left:0;background:var(--page);font-size:14px;z-index:1}
.pictures tbody th:first-child{padding-right:6px;text-align:right}
.pictures td span{display:flex;gap:3px;justify-content:center}
.pictures img{display:block;width:var(--picture);height:auto;image-rendering:pixelated;box-shadow:0 0 0 1px var(--line)}
.pictures .none{width:var(--picture);height:var(--picture);border:1px solid var(--line)}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:20px;margin-top:12px}
figure{margin:0;padding:16px 16px 8px;background:var(--panel);border:1px solid var(--line);border-radius:6px;break-inside:avoid;min-width:0}
figcaption{font-weight:600;font-size:15px;line-height:1.35;overflow-wrap:anywhere}
.stage{display:block;color:var(--quiet);font-weight:400;font-size:13px}
.legend{display:flex;flex-wrap:wrap;gap:2px 16px;margin:6px 0 4px;padding:0;list-style:none;font-size:13px;color:var(--quiet)}
.legend li{display:flex;align-items:center;gap:6px}
.legend svg{flex:none}
figure>svg{display:block;width:100%;height:auto}
details{border-top:1px solid var(--line)}
details:last-of-type{border-bottom:1px solid var(--line)}
summary{padding:12px 0;cursor:pointer;font-weight:600;overflow-wrap:anywhere}
summary .where{font-weight:400}
details .scroll,details>dl{padding-bottom:20px}
.plain th,.plain td{padding-top:5px;padding-bottom:5px;font-size:14px;white-space:nowrap}
.plain tbody th{color:var(--quiet)}
.plain .text{text-align:left}
.key{font-family:ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace;font-size:13px}
.pairs+details{margin-top:20px}
.pairs{display:grid;grid-template-columns:minmax(9em,max-content) 1fr;gap:5px 24px;margin:8px 0 0;font-size:14px}
.pairs dd .pairs{margin-top:0}
pre{margin:12px 0 0;padding:14px 16px;background:var(--panel);border:1px solid var(--line);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;font:14px/1.5 ui-monospace,SFMono-Regular,Menlo,"Liberation Mono",monospace}
footer{margin-top:64px;padding-top:16px;padding-bottom:48px;color:var(--quiet);font-size:13px}
@media (max-width:640px){
main,header,footer,nav{padding-left:16px;padding-right:16px}
header{padding-top:32px}
section{margin-top:44px}
.results thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.results,.results tbody,.results tr,.results th,.results td{display:block}
.results{border-top:1px solid var(--ink)}
.results tbody tr{padding:14px 0}
.results tbody tr+tr{border-top:1px solid var(--line)}
.results tbody tr+tr>*{border:0}
.results tbody th{padding:0 0 4px;font-size:17px}
.results td{display:flex;justify-content:space-between;gap:16px;padding:3px 0!important}
.results td:empty{display:none}
.results td::before{content:attr(data-title);color:var(--quiet);font-size:14px;text-align:left}
.results td .value{font-size:16px}
.compared td{display:grid;grid-template-columns:7rem 1fr;text-align:left}
.compared .small{display:inline;margin-left:8px}
.grid{max-width:100%;height:auto}
.pictures .start{padding-left:12px}
.plain th,.plain td{padding-left:18px}
.plain th:first-child,.plain td:first-child{padding-left:0}
.pairs{grid-template-columns:1fr;gap:0}
.pairs dd{margin-bottom:8px}
}
@media print{
:root{${schemeVariables('light')};--page:#fff}
body{font-size:11pt}
main,header,footer{max-width:none;padding:0}
nav{display:none}
header{padding-top:0}
section{margin-top:28pt}
h2,h3,summary{break-after:avoid}
tr{break-inside:avoid}
.scroll{overflow:visible}
.pictures{--picture:44px}
.charts{grid-template-columns:1fr 1fr}
details::details-content{content-visibility:visible;block-size:auto}
}
`;
