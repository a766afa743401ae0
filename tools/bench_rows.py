# SPDX-License-Identifier: MIT
"""Ratios of the rows that were measured."""
import dataclasses


def floor_of(peer):
    """The bare loop that a peer is compared with: turns inside run() with turns inside run()."""
    return "raw_epoll_run" if peer.endswith("_run") else "raw_epoll"


@dataclasses.dataclass
class Ratio:
    """Of the medians over all layouts, and the least and the most of one layout alone."""
    group: str
    peer: str
    n: int
    value: float
    low: float
    high: float

    def __str__(self):
        return f"{self.value:.{digits_of(self.value)}f} ({self.spread()})"

    def spread(self):
        return f"{self.low:.{digits_of(self.low)}f} to {self.high:.{digits_of(self.high)}f}"

    def short(self):
        """For the cells of a page."""
        return f"{self.value:.{digits_of(self.value)}f}; {self.spread().replace(' to ', '–')}"


def digits_of(ratio):
    return 3 if ratio < 2 else 2


class Figures:
    def __init__(self, rows):
        self.rows = {(row["group"], row["peer"], row["n"]): row for row in rows}

    def points(self, group):
        return sorted({n for g, _, n in self.rows if g == group})

    def value(self, group, peer, n):
        row = self.rows.get((group, peer, n))
        return row["median_ns"] if row else None

    def ratio(self, group, peer, n, over, n_over=None):
        """None when one of the two was not measured."""
        own = self.rows.get((group, peer, n))
        other = self.rows.get((group, over, n if n_over is None else n_over))
        if not own or not other or not other["median_ns"]:
            return None
        single = [a / b for a, b in zip(own["layouts_ns"], other["layouts_ns"])]
        return Ratio(group, peer, n, own["median_ns"] / other["median_ns"], min(single),
                     max(single))

    def to_floor(self, group, peer, n):
        """None for the floor itself, and for bytes, which have none."""
        if peer == floor_of(peer) or group.endswith("_bytes"):
            return None
        return self.ratio(group, peer, n, floor_of(peer))

    def ratios(self, group, over, of="eventp", points=None):
        """Those of each point where both were measured."""
        found = (self.ratio(group, of, n, over) for n in points or self.points(group))
        return [ratio for ratio in found if ratio]
