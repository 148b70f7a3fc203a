"""An SVG of the networks' table: for each network a bar an engine, bnorm's time as the unit."""
from xml.sax.saxutils import escape

COLOURS = {"bnorm": "#d9480f", "tensorflow": "#f08c00", "onnxruntime": "#1c7ed6",
           "openvino": "#7048e8", "litert": "#2f9e44", "opencv": "#868e96", "tract": "#c2255c"}
WIDTH, LEFT, BAR, GAP, LIMIT = 860, 150, 11, 12, 4.0


def draw(results, peers):
    """Bars for the largest number of threads and the smallest batch; beyond LIMIT they are cut."""
    threads = max(r["threads"] for r in results)
    batch = min(r["batch"] for r in results)
    results = [r for r in results if (r["threads"], r["batch"]) == (threads, batch)
               and "bnorm" in r["engines"]]
    names = ["bnorm", *peers]
    scale = (WIDTH - LEFT - 120) / LIMIT
    parts, y = [], 58
    for r in results:
        unit = r["engines"]["bnorm"]["median_ms"]
        present = [name for name in names if name in r["engines"]]
        middle = y + len(present) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">'
                     f'{escape(r["case"])}</text>')
        for name in present:
            value = r["engines"][name]["median_ms"]
            width = min(value / unit, LIMIT) * scale
            cut = " …" if value / unit > LIMIT else ""
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 1}" '
                         f'fill="{COLOURS.get(name, "#495057")}"/>'
                         f'<text class="v" x="{LEFT + width + 4:.1f}" y="{y + BAR - 2}">'
                         f'{value:.3g} ms{cut}</text>')
            y += BAR
        y += GAP
    legend, x = [], LEFT
    for name in names:
        legend.append(f'<rect x="{x}" y="30" width="10" height="10" '
                      f'fill="{COLOURS.get(name, "#495057")}"/>'
                      f'<text x="{x + 14}" y="39">{escape(name)}</text>')
        x += 24 + 8 * len(name)
    one = LEFT + scale
    rule = f'<line x1="{one:.1f}" y1="50" x2="{one:.1f}" y2="{y - GAP}" stroke="#adb5bd"/>'
    title = f"Milliseconds an inference, {threads} thread(s), batch {batch}; bars relative to bnorm"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" '
            f'font-family="sans-serif" font-size="12">'
            f'<style>text{{fill:#343a40}}.v{{font-size:9px}}</style>'
            f'<rect width="{WIDTH}" height="{y}" fill="#fff"/>'
            f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>'
            + "".join(legend) + rule + "".join(parts) + "</svg>\n")
