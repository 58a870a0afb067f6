// SPDX-License-Identifier: MIT
// How a report looks: on a phone, on a desk, in the dark, on paper.
#pragma once

#include <string_view>

#include "nn/core/cxx20.hpp"

namespace nn::report {

/// Blue and orange of Okabe and Ito (2008), which colour-blind readers tell apart.
inline constexpr std::string_view page_style = R"(
:root {
  color-scheme: light dark;
  --back: #ffffff; --panel: #f5f7f9; --text: #1a1f26; --soft: #57606c; --rule: #d8dee5;
  --link: #005a9c; --first: #0072b2; --second: #c85a00; --right: 0 114 178; --wrong: 213 94 0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #12161b; --panel: #1a2027; --text: #e4e8ed; --soft: #9fabb8; --rule: #333c47;
    --link: #7cc4f5; --first: #56b4e9; --second: #f0a13c; --right: 86 180 233; --wrong: 240 140 40;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 1.5rem 1rem 4rem; max-width: 74rem; background: var(--back);
  color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
  overflow-wrap: break-word;
}
h1 { margin: 0 0 .25rem; font-size: clamp(1.6rem, 1.2rem + 1.8vw, 2.25rem); line-height: 1.2; font-weight: 650; letter-spacing: -.015em; }
h2 { margin: 3rem 0 .5rem; padding-top: .9rem; border-top: 1px solid var(--rule); font-size: 1.3rem; line-height: 1.3; font-weight: 650; }
h1, h3, .facts dd, .cards dd { overflow-wrap: anywhere; }
h3 { margin: 1.5rem 0 .4rem; font-size: 1rem; font-weight: 650; }
p { margin: .4rem 0 .8rem; max-width: 46rem; }
a { color: var(--link); text-underline-offset: .15em; }
a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre { font: .82rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.soft { color: var(--soft); }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--panel); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 1rem 0 0; padding: 0; list-style: none; font-size: .92rem; }
nav li { padding: .15rem 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.4rem, 1fr)); gap: .6rem; margin: 1.5rem 0 0; }
.tiles div { padding: .7rem .9rem; background: var(--panel); border-radius: .5rem; }
.tiles dt { color: var(--soft); font-size: .82rem; }
.tiles dt::first-letter { text-transform: uppercase; }
.tiles dd { margin: 0; font-size: 1.35rem; font-weight: 620; font-variant-numeric: tabular-nums; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.25rem; margin: .75rem 0 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; }
.word { display: inline-block; max-width: 100%; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1.25rem 1.75rem; margin-top: 1rem; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: .88rem; color: var(--soft); }
.chart { display: block; width: 100%; max-width: 27rem; height: auto; font-size: 12px; }
.chart text { fill: var(--soft); font-variant-numeric: tabular-nums; }
.chart .label { fill: var(--text); paint-order: stroke; stroke: var(--back); stroke-width: 4px; stroke-linejoin: round; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--soft); stroke-width: 1; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.first { stroke: var(--first); }
.line.second { stroke: var(--second); stroke-dasharray: 5 4; }
.line.even { stroke: var(--soft); stroke-width: 1.2; stroke-dasharray: 2 4; }
.dots.first { fill: var(--first); }
.dots.second { fill: var(--second); }
.dots.cloud { fill: var(--first); fill-opacity: .35; }
.bar { fill: var(--first); }
.mark { stroke: var(--text); stroke-width: 1; stroke-dasharray: 1 3; }
.scroll { overflow-x: auto; max-width: 100%; margin-top: 1rem; }
.columns .scroll { margin-top: 0; }
.scroll.long { max-height: 26rem; overflow-y: auto; }
.scroll.long thead th { position: sticky; top: 0; background: var(--back); }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); font-size: .88rem; padding-bottom: .4rem; }
th { font-weight: 600; }
.figures th, .figures td { padding: .28rem .8rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
.figures th:first-child { text-align: left; padding-left: 0; white-space: normal; }
.figures thead th { white-space: normal; vertical-align: bottom; }
.figures tfoot th, .figures tfoot td { border-bottom: 0; }
.columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); gap: 1.25rem 2.5rem; align-items: start; }
.matrix { border-spacing: 2px; border-collapse: separate; font-size: clamp(.66rem, .5rem + .7vw, .9rem); line-height: 1.2; }
.matrix th { padding: .2rem .25rem; color: var(--soft); font-weight: 600; }
.matrix thead th, .matrix td { text-align: center; }
.matrix.tall thead th { height: 1px; vertical-align: bottom; }
.matrix.tall thead span { display: inline-block; writing-mode: vertical-rl; transform: rotate(180deg); max-height: 11rem; text-align: left; }
.matrix tbody th { position: sticky; left: 0; text-align: right; background: var(--back); }
.matrix.tall tbody th, .matrix.tall thead span { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.matrix.tall tbody th { max-width: clamp(5.5rem, 26vw, 12rem); }
.matrix td { min-width: 1.55rem; height: 2.1em; padding: 0; border-radius: 3px; background: var(--panel); color: var(--soft); }
.matrix thead td { background: none; }
.matrix td.r { background: rgb(var(--right) / var(--s)); color: var(--text); }
.matrix td.w { background: rgb(var(--wrong) / var(--s)); color: var(--text); }
.matrix td a { display: block; padding: .5em .15em; color: inherit; text-decoration: none; border-radius: 3px; }
.matrix td a:hover { outline: 2px solid var(--text); }
@media (min-width: 48rem) { .matrix td { min-width: 2.6rem; height: 2.4rem; } .matrix td a { padding: .65rem .2rem; } }
.key { display: inline-block; width: 4.5rem; height: .8rem; vertical-align: -.1rem; border-radius: 3px; }
.key.r { background: linear-gradient(to right, rgb(var(--right) / .04), rgb(var(--right) / .55)); }
.key.w { background: linear-gradient(to right, rgb(var(--wrong) / .04), rgb(var(--wrong) / .55)); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.75rem, 1fr)); gap: .7rem; margin: 1rem 0 0; padding: 0; list-style: none; }
.cards.wide { grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
.cards.wide .pair img { max-width: 6.5rem; }
.cards li { padding: .6rem; background: var(--panel); border-radius: .5rem; break-inside: avoid; }
.cards .pair { display: flex; gap: .3rem; }
.cards .pair img { width: calc(50% - .15rem); height: auto; align-self: flex-start; }
.cards dl { display: grid; grid-template-columns: 3.1rem minmax(0, 1fr) max-content; gap: 0 .5rem; margin: .4rem 0 0; font-size: .86rem; line-height: 1.45; font-variant-numeric: tabular-nums; }
.cards dl div { display: contents; }
.cards dt { color: var(--soft); }
.cards dd { margin: 0; }
.cards dd + dd { text-align: right; }
.cards .no { margin: .25rem 0 0; font-size: .78rem; color: var(--soft); }
.numbers { margin: 0; font-size: .82rem; }
img { display: block; image-rendering: pixelated; }
.cells { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 19rem), 1fr)); gap: .4rem 1.5rem; }
.cell { padding: .5rem .6rem; border-radius: .5rem; break-inside: avoid; }
.cell h3 { margin: 0 0 .35rem; font-size: .9rem; }
.cell h3 .soft { font-weight: 400; }
.cell:target { background: var(--panel); outline: 2px solid var(--link); }
.thumbs { display: flex; flex-wrap: wrap; gap: .5rem; margin: 0; padding: 0; list-style: none; font-size: .74rem; line-height: 1.3; color: var(--soft); font-variant-numeric: tabular-nums; }
.filters img { outline: 1px solid var(--rule); }
.thumbs li { min-width: 3.4rem; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem; margin: 1rem 0 0; padding: 0; list-style: none; }
pre { overflow-x: auto; width: fit-content; max-width: 100%; padding: .8rem 1rem; background: var(--panel); border-radius: .5rem; }
@media (max-width: 30rem) { .figures { font-size: .82rem; } .figures th, .figures td { padding: .28rem .3rem; } }
@media print {
  :root {
    --back: #ffffff; --panel: #f5f7f9; --text: #000000; --soft: #444b54; --rule: #c8ced6;
    --link: #000000; --first: #0072b2; --second: #c85a00; --right: 0 114 178; --wrong: 213 94 0;
  }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav, .skip { display: none; }
  h2 { margin-top: 1.6rem; }
  h2, h3, h2 + p, caption { break-after: avoid; }
  .charts { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .columns { grid-template-columns: 1fr 1fr; }
  .cards { grid-template-columns: repeat(4, 1fr); }
  .cards.wide { grid-template-columns: repeat(3, 1fr); }
  p, figure, table, pre, .tiles div { break-inside: avoid; }
  .scroll.long table { break-inside: auto; }
  a { text-decoration: none; }
  .scroll, .scroll.long { max-height: none; overflow: visible; }
}
)";

}  // namespace nn::report
