"""The look of a page: the colours of the window, light and dark, and no file from elsewhere."""

STYLE = """
:root {
  --back: #F3F4F6; --panel: #FFFFFF; --line: #D3D7DE; --text: #1C2128; --faint: #5A6472;
  --harm: #C0262D; --warning: #8A5A00; --virtual: #1F6FB5; --real: #B04F00; --residual: #7A828E;
  --on-strong: #FFFFFF;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #1B1E23; --panel: #22262C; --line: #3A404A; --text: #E4E7EB; --faint: #9AA4B2;
    --harm: #FF6B6B; --warning: #E0B050; --virtual: #56A8F0; --real: #F29A4A; --residual: #8F98A5;
    --on-strong: #0D1117;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--back); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif;
}
main { max-width: 64rem; margin: 0 auto; padding: 32px 24px 64px; }
header { margin-bottom: 24px; }
header p { margin: 0 0 4px; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 8px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 12px; }
.over { color: var(--faint); font-size: 13px; }
.faint, caption, figcaption { color: var(--faint); font-size: 13px; }
.badge {
  display: inline-block; margin: 12px 0 0 !important; padding: 6px 12px; border-radius: 4px;
  border: 1px solid var(--harm); color: var(--harm); font-weight: 600;
}
.note { margin-top: 12px !important; white-space: pre-wrap; }
section {
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
  padding: 20px 24px; margin: 16px 0;
}
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 8px; }
.tile {
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 14px 16px;
  display: flex; flex-direction: column;
}
.tile b { font-size: 22px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tile span { font-size: 13px; }
.tile.first { border-color: var(--virtual); }
.tile.first b { color: var(--virtual); }
ul { margin: 0; padding-left: 20px; }
.warnings li { color: var(--warning); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td {
  text-align: left; padding: 5px 16px 5px 0; vertical-align: top; overflow-wrap: anywhere;
}
tbody tr + tr > * { border-top: 1px solid var(--line); }
thead th { color: var(--faint); font-size: 13px; font-weight: 500; vertical-align: bottom; }
.matrix { border-spacing: 2px; border-collapse: separate; margin-bottom: 12px; }
.matrix caption { text-align: left; padding-bottom: 8px; }
.matrix th, .matrix td { border: 0 !important; padding: 6px 8px; }
.matrix tbody th {
  font-weight: 500; text-align: right; white-space: nowrap; vertical-align: middle;
}
.matrix thead th { text-align: center; max-width: 84px; min-width: 84px; }
.matrix .corner { text-align: right; font-size: 12px; }
.matrix td {
  min-width: 56px; height: 46px; text-align: center; vertical-align: middle; border-radius: 3px;
  background: color-mix(in srgb, var(--virtual) var(--share, 0%), var(--back));
}
.matrix td.strong { color: var(--on-strong); }
.matrix td.wrong:not(.strong) small { color: var(--text); }
.matrix td small { display: block; font-size: 11px; line-height: 1.2; }
.matrix td i { color: var(--faint); font-style: normal; }
.matrix td.sum { background: none; color: var(--faint); }
details { margin-top: 12px; }
summary { cursor: pointer; color: var(--faint); }
details[open] > summary { margin-bottom: 8px; }
figure { margin: 0 0 8px; overflow-x: auto; }
.side { display: flex; flex-wrap: wrap; gap: 16px 32px; }
svg { max-width: none; display: block; }
svg text { font-size: 12px; fill: var(--text); font-variant-numeric: tabular-nums; }
svg text.faint { fill: var(--faint); }
svg text.end { text-anchor: end; }
svg text.middle { text-anchor: middle; }
svg polyline { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
svg line { stroke-width: 1.8; }
svg .virtual { stroke: var(--virtual); }
svg .real { stroke: var(--real); }
svg .residual { stroke: var(--residual); }
svg .dashed { stroke-dasharray: 5 4; }
svg .thick { stroke-width: 2.4; }
svg line.grid { stroke: var(--line); stroke-width: 1; }
svg line.faint-line { stroke: var(--faint); stroke-width: 1; }
svg .band { fill: var(--virtual); opacity: 0.28; }
svg .dot { fill: var(--residual); opacity: 0.85; }
svg .virtual-fill { fill: var(--virtual); }
svg .residual-fill { fill: var(--residual); }
dt { font-weight: 600; }
dd { margin: 0 0 8px; }
@media print { body { background: none; } section { break-inside: avoid; } }
"""
