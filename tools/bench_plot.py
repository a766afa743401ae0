# SPDX-License-Identifier: MIT
"""Draws the rows of a group as SVG: lines over n, or bars when there is one n."""
import math
from xml.sax.saxutils import escape

from bench_names import GROUPS, PEERS, name_of, text_of, unit_of

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 250, 60, 56
OURS, FLOOR = "#c1121f", "#111111"
OTHERS = ("#1f77b4", "#2a9d8f", "#e09f3e", "#7b2cbf", "#6c757d", "#8d6346", "#d36ba6", "#00798c")
STYLE = ("text{font:12px sans-serif;fill:#222}.title{font-size:15px;font-weight:600}"
         ".grid{stroke:#ddd}.axis{stroke:#888}")


def colour_of(peer):
    """The same in every picture."""
    own = {"eventp": OURS, "raw_epoll": FLOOR}
    others = [name for name in PEERS if name not in own and not name.endswith("_run")]
    return own.get(peer) or OTHERS[others.index(peer) % len(OTHERS)]


class Scale:
    """Values to pixels, linear from zero or logarithmic."""

    def __init__(self, low, high, first, last, is_log=False):
        self.low, self.high, self.is_log = low if is_log else 0, high, is_log
        self.first, self.last = first, last

    def __call__(self, value):
        if self.is_log:
            share = math.log(value / self.low) / (math.log(self.high / self.low) or 1)
        else:
            share = value / self.high
        return self.first + share * (self.last - self.first)

    def ticks(self):
        step = 10 ** math.floor(math.log10(self.high / 4))
        step *= next(m for m in (1, 2, 5, 10) if self.high / (step * m) <= 6)
        return [step * i for i in range(int(self.high / step) + 1)]


def top_of(rows):
    """The highest value that is drawn: values far from ours would hide those near it."""
    near = [row["median_ns"] for row in rows if row["peer"] in ("eventp", "raw_epoll")]
    return 1.08 * min(max(row["median_ns"] for row in rows), 2.5 * max(near))


def text(x, y, words, anchor="start", extra=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{extra}>{escape(words)}</text>'


def frame(title, height, body):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'role="img"><title>{escape(title)}</title><style>{STYLE}</style>'
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>'
            + text(16, 26, title, extra=' class="title"') + "\n".join(body) + "</svg>\n")


def spread(wanted, gap):
    """Moves labels apart that would overlap, upwards and downwards by turns."""
    order = sorted(wanted, key=wanted.get)
    placed = {}
    for i, peer in enumerate(order):
        above = placed[order[i - 1]] + gap if i else -math.inf
        placed[peer] = max(wanted[peer], above)
    over = placed[order[-1]] - (HEIGHT - BOTTOM) if order else 0
    for i in range(len(order) - 1, -1, -1):
        limit = placed[order[i + 1]] - gap if i + 1 < len(order) else HEIGHT - BOTTOM
        placed[order[i]] = min(placed[order[i]], limit) if over > 0 else placed[order[i]]
    return placed


def lines(title, rows, group):
    peers = {row["peer"] for row in rows}
    points = sorted({row["n"] for row in rows})
    x = Scale(points[0], points[-1], LEFT + 12, WIDTH - RIGHT, is_log=points[0] > 0)
    y = Scale(0, top_of(rows), HEIGHT - BOTTOM, TOP)
    body = [f'<clipPath id="in"><rect x="0" y="{TOP}" width="{WIDTH}" '
            f'height="{HEIGHT - TOP - BOTTOM + 4}"/></clipPath>']
    for tick in y.ticks():
        at = y(tick)
        body.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" '
                    f'y2="{at:.1f}"/>' + text(LEFT - 8, at + 4, text_of(tick), "end"))
    for n in points:
        body.append(text(x(n), HEIGHT - BOTTOM + 18, text_of(n), "middle"))
    body.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, f"n: {GROUPS[group][1]}", "middle"))
    body.append(text(16, TOP - 8, unit_of(group)))
    ends, names = {}, {}
    for peer in sorted(peers, key=lambda p: (p == "eventp", p)):
        own = sorted((r["n"], r["median_ns"]) for r in rows if r["peer"] == peer)
        at = [(x(n), y(value)) for n, value in own]
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in at)
        thick = 3 if peer in ("eventp", "raw_epoll") else 1.6
        dashed = ' stroke-dasharray="7 4"' if peer == "raw_epoll" else ""
        body.append(f'<polyline points="{path}" fill="none" stroke="{colour_of(peer)}" '
                    f'clip-path="url(#in)" stroke-width="{thick}"{dashed}/>')
        body += [f'<circle cx="{px:.1f}" cy="{py:.1f}" r="2.6" fill="{colour_of(peer)}"/>'
                 for px, py in at if py >= TOP]
        ends[peer] = max(at[-1][1], TOP)
        names[peer] = name_of(peer) + (f": {text_of(own[-1][1])}" if at[-1][1] < TOP else "")
    for peer, at in spread(ends, 15).items():
        body.append(text(WIDTH - RIGHT + 14, at + 4, names[peer],
                         extra=f' style="fill:{colour_of(peer)}"'))
    return frame(title, HEIGHT, body)


def bars(title, rows, group):
    rows = sorted(rows, key=lambda row: row["median_ns"])
    height = TOP + 26 * len(rows) + 20
    longest = max(row["median_ns"] for row in rows)
    body = []
    for i, row in enumerate(rows):
        at, value = TOP + 26 * i, row["median_ns"]
        length = (WIDTH - 330) * value / longest
        body += [text(200, at + 15, name_of(row["peer"]), "end"),
                 f'<rect x="210" y="{at}" width="{length:.1f}" height="20" '
                 f'fill="{colour_of(row["peer"])}"/>',
                 text(218 + length, at + 15, f"{text_of(value)} {unit_of(group)}")]
    return frame(title, height, body)


def write(rows, group, folder):
    """Writes folder/<group>.svg and returns it; None when there are no rows."""
    # The lines of turns inside run() would cover those of single turns.
    mine = [row for row in rows if row["group"] == group and not row["peer"].endswith("_run")]
    if not mine:
        return None
    if group == "memory_bytes":
        mine = [row for row in mine if row["n"] > 0]  # the others' have no value in it
    title = f"{group}: {GROUPS[group][0]}"
    draw = lines if len({row["n"] for row in mine}) > 1 else bars
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{group}.svg"
    file.write_text(draw(title, mine, group).replace("<svg ", "<!-- SPDX-License-Identifier: MIT "
                                                     "--><svg ", 1))
    return file
