"""How the page looks: one style sheet, light and dark, narrow and wide. Nothing is loaded from anywhere."""

from __future__ import annotations

from typing import Final

_LIGHT: Final = {
    "paper": "#ffffff",
    "field": "#f6f8fa",
    "line": "#d1d9e0",
    "ink": "#1f2328",
    "faint": "#59636e",
    "link": "#0550ae",
    "pass": "#1a7f37",
    "fail": "#cf222e",
    "fail-field": "#ffebe9",
    "non-strict": "#9a6700",
    "inconclusive": "#8250df",
    "not-applicable": "#59636e",
    "untested": "#0b6e75",
    "good": "#2da44e",
}
_DARK: Final = {
    "paper": "#0d1117",
    "field": "#151b23",
    "line": "#3d444d",
    "ink": "#e6edf3",
    "faint": "#9aa3ad",
    "link": "#79b8ff",
    "pass": "#3fb950",
    "fail": "#ff7b72",
    "fail-field": "#3c1618",
    "non-strict": "#d29922",
    "inconclusive": "#bc8cff",
    "not-applicable": "#9aa3ad",
    "untested": "#39c5cf",
    "good": "#3fb950",
}


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in colours.items())


STYLE: Final = (
    f":root{{color-scheme:light dark;{_variables(_LIGHT)}}}\n"
    f"@media (prefers-color-scheme:dark){{:root{{{_variables(_DARK)}}}}}\n"
) + """\
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
Helvetica,Arial,sans-serif;-webkit-text-size-adjust:100%}
main,header,footer{max-width:72rem;margin:0 auto;padding:0 1.25rem}
header{padding-top:2rem}
footer{padding-top:2rem;padding-bottom:3rem;color:var(--faint);font-size:.875rem}
h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0 .6rem;overflow-wrap:anywhere}
h2{font-size:1.3rem;margin:3rem 0 .8rem;padding-bottom:.3rem;border-bottom:1px solid var(--line)}
h3{font-size:1.1rem;margin:1.6rem 0 .4rem}
h4{font-size:.95rem;margin:1.2rem 0 .4rem}
p{margin:.4rem 0 .8rem;max-width:48rem;overflow-wrap:anywhere}
a{color:var(--link);text-decoration:none}
a:hover,a:focus{text-decoration:underline}
.cf-kicker{color:var(--faint);font-size:.9rem;margin:0}
.cf-faint{color:var(--faint)}
.cf-small{font-size:.875rem}
.cf-outcome{display:inline-block;font-weight:700;padding:.15rem .7rem;border-radius:2rem;border:2px solid}
.cf-chips{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0;padding:0;list-style:none}
.cf-chips li{border:1px solid var(--line);background:var(--field);border-radius:.5rem;padding:.35rem .75rem;
min-width:6.2rem}
.cf-chips b{display:block;font-size:1.35rem;line-height:1.25;font-variant-numeric:tabular-nums}
.cf-chips .cf-none{opacity:.55}
.cf-facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.1rem;margin:1rem 0;max-width:60rem}
.cf-facts dt{color:var(--faint)}
.cf-facts dd{margin:0;overflow-wrap:anywhere}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;list-style:none;padding:0;margin:1.2rem 0 0}
.cf-scroll{overflow-x:auto;-webkit-overflow-scrolling:touch;margin:.6rem 0 1rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}
th,td{text-align:left;vertical-align:top;padding:.4rem .7rem;border-bottom:1px solid var(--line)}
thead th{color:var(--faint);font-weight:600;white-space:nowrap;background:var(--field)}
tbody th{font-weight:400}
td.cf-number,th.cf-number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
tr.cf-group th{background:var(--field);font-weight:600;padding-top:.7rem}
tr.cf-wrong td,tr.cf-wrong th{background:var(--fail-field)}
.cf-rule-id{font-weight:600;white-space:nowrap;font-variant-numeric:tabular-nums}
.cf-title{display:block}
.cf-why{display:block;color:var(--faint);font-size:.85rem;overflow-wrap:anywhere;min-width:12rem;max-width:26rem}
.cf-why a{white-space:nowrap}
.cf-verdict{font-weight:600;white-space:nowrap}
.cf-pass{color:var(--pass)}.cf-fail{color:var(--fail)}.cf-non-strict{color:var(--non-strict)}
.cf-inconclusive{color:var(--inconclusive)}.cf-not-applicable{color:var(--not-applicable)}
.cf-untested{color:var(--untested)}
.cf-finding{border:1px solid var(--line);border-left:4px solid var(--fail);border-radius:.5rem;
padding:.2rem 1.1rem 1rem;margin:1.2rem 0}
.cf-finding.cf-soft{border-left-color:var(--non-strict)}
blockquote{margin:.6rem 0;padding:.1rem 0 .1rem .9rem;border-left:3px solid var(--line)}
.cf-wrongs{list-style:none;padding:0;margin:.6rem 0}
.cf-wrongs li{margin:.25rem 0;overflow-wrap:anywhere}
.cf-wrongs b{font-weight:600}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--link)}
pre{background:var(--field);border:1px solid var(--line);border-radius:.4rem;padding:.8rem;overflow:auto;
max-height:32rem;font:12.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;margin:.5rem 0}
code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
.cf-row{white-space:nowrap}
.cf-cover{display:grid;grid-template:"name bar of"/9.5rem 1fr 5.5rem;gap:0 .9rem;align-items:center;margin:.45rem 0}
.cf-cover>:nth-child(1){grid-area:name}
.cf-cover>:nth-child(2){grid-area:of}
.cf-cover>:nth-child(3){grid-area:bar}
.cf-bar{height:.7rem;border:1px solid var(--line);border-radius:.4rem;background:var(--field);overflow:hidden}
.cf-bar i{display:block;height:100%;background:var(--good)}
.cf-of{font-variant-numeric:tabular-nums;white-space:nowrap;text-align:right}
.cf-missing{columns:18rem;column-gap:1.5rem;padding-left:1.1rem;margin:.4rem 0;font-size:.875rem}
.cf-missing li{break-inside:avoid;overflow-wrap:anywhere}
.cf-picture{background:var(--paper);border:1px solid var(--line);border-radius:.5rem;padding:.6rem}
.cf-picture svg{display:block;max-width:100%;height:auto;margin:0 auto}
.cf-picture.cf-wide svg{min-width:56rem}
.cf-picture img{display:block;max-width:100%;height:auto;margin:0 auto}
.cf-rules dt{font-weight:600;margin-top:1rem}
.cf-rules dt:target,.cf-finding:target{outline:2px solid var(--link);outline-offset:4px;border-radius:.2rem}
.cf-rules dd{margin:.1rem 0 0;max-width:48rem}
.cf-sequence{min-width:40rem;width:100%;max-width:54rem;height:auto;display:block}
.cf-sequence text{fill:var(--ink);font:13px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif}
.cf-sequence .cf-halo{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}
.cf-sequence .cf-halo.cf-on-wrong{stroke:var(--fail-field)}
.cf-sequence .cf-quiet{fill:var(--faint);font-size:12px}
.cf-sequence .cf-lane{stroke:var(--line);stroke-width:1.5}
.cf-sequence .cf-box{fill:var(--field);stroke:var(--line)}
.cf-sequence .cf-arrow{stroke:var(--ink);stroke-width:1.5;fill:none}
.cf-sequence .cf-back{stroke-dasharray:5 4}
.cf-sequence .cf-refused{stroke:var(--non-strict)}
.cf-sequence text.cf-refused{fill:var(--non-strict);stroke:var(--paper)}
.cf-sequence .cf-bad{stroke:var(--fail);stroke-width:2.2}
.cf-sequence text.cf-bad{fill:var(--fail);font-weight:600;stroke:none}
.cf-sequence text.cf-bad.cf-halo{stroke:var(--fail-field);stroke-width:5px}
.cf-sequence .cf-point{fill:var(--ink);stroke:none}
.cf-sequence .cf-point.cf-refused{fill:var(--non-strict)}
.cf-sequence .cf-point.cf-bad{fill:var(--fail)}
.cf-sequence .cf-band{fill:var(--fail-field)}
.cf-sequence .cf-head{font-weight:600}
td>p:first-child,td>details:first-child{margin-top:0}
td>p:last-child,td>details:last-child{margin-bottom:0}
@media (min-width:64rem){tbody .cf-title{display:inline;margin-left:.6rem}.cf-matrix th[scope=row]{white-space:nowrap}}
@media (max-width:40rem){
body{font-size:15px}
main,header,footer{padding-left:.9rem;padding-right:.9rem}
header{padding-top:1.1rem}
h1{font-size:1.35rem}
th,td{padding:.35rem .45rem}
.cf-facts{grid-template-columns:1fr;gap:0}
.cf-facts dd{margin-bottom:.45rem}
.cf-chips li{min-width:0;flex:1 1 28%}
.cf-finding{padding:.1rem .7rem .7rem}
.cf-cover{grid-template:"name of" "bar bar"/1fr max-content;margin:.6rem 0}
.cf-matrix th[scope=row]{min-width:9.5rem}
.cf-why{min-width:8rem}
.cf-tier-column{display:none}
}
@media print{details>*{display:block}pre{max-height:none}}
"""
