# SPDX-License-Identifier: MIT
"""What the figures must show, checked on the rows of one run."""

LIBRARIES = ("libevent", "libev", "libuv", "asio", "sd_event")
PEERS = LIBRARIES + ("shape_token_table", "shape_siphash")


class Figures:
    def __init__(self, rows):
        self.value = {(r["group"], r["peer"], r["n"]): r["median_ns"] for r in rows}

    def points(self, group):
        return sorted({n for g, _, n in self.value if g == group})

    def ratios(self, group, over="raw_epoll", of="eventp", points=None):
        """(n, ratio) at each point that both have."""
        return [(n, self.value[group, of, n] / self.value[group, over, n])
                for n in points or self.points(group)
                if (group, of, n) in self.value and (group, over, n) in self.value]


def worst(ratios):
    return max(ratios, key=lambda at: at[1])


def nearest(figures, group, peers, points=None):
    """(n, ratio to us, peer) of the best of the peers, at the point where it is the nearest."""
    found = [(n, ratio, peer) for peer in peers
             for n, ratio in figures.ratios(group, over="eventp", of=peer, points=points)]
    return min(found, key=lambda at: at[1]) if found else None


def check(rows):
    """[(figure, goal, measured, is met)] for the groups that are there."""
    figures, out = Figures(rows), []

    def at_most(text, limit, ratios):
        if ratios:
            n, ratio = worst(ratios)
            out.append((text, f"at most {limit:.2f} x", f"{ratio:.3f} x (n = {n})",
                        ratio <= limit))

    def below(group, points=None):
        found = nearest(figures, group, PEERS, points)
        if found:
            n, ratio, peer = found
            out.append((f"`{group}`: the nearest peer", "above 1 x eventp",
                        f"{ratio:.3f} x ({peer}, n = {n})", ratio > 1))

    def ahead(text, group, least, peers):
        found = nearest(figures, group, peers)
        if found:
            n, ratio, peer = found
            out.append((text, f"at least {least:.2f} x eventp", f"{ratio:.2f} x ({peer}, n = {n})",
                        ratio >= least))

    at_most("`kernel_free`, 256 subscribers, to the bare loop", 1.05,
            figures.ratios("kernel_free", points=[256]))
    for group in ("one_ready", "all_ready", "dispatch_only"):
        at_most(f"`{group}`, every n, to the bare loop", 1.01, figures.ratios(group))
        below(group)
    at_most("`multi_fd`, to as many single descriptors", 1.02,
            figures.ratios("multi_fd", over="eventp_single"))
    at_most("`churn`, to two bare epoll_ctl with an allocation", 1.05, figures.ratios("churn"))
    if {("churn", "eventp", n) for n in (0, 10_000)} <= figures.value.keys():
        ratio = figures.value["churn", "eventp", 10_000] / figures.value["churn", "eventp", 0]
        out.append(("`churn`, 10 000 others to none", "at most 1.05 x", f"{ratio:.3f} x",
                    ratio <= 1.05))
    at_most("`echo`, 64 and 1000 connections, to the bare loop", 1.02,
            figures.ratios("echo", points=[64, 1000]))
    below("echo", points=[64, 1000])
    ahead("`post`, 1 and 2 producers: the best library", "post", 1.5,
          ("libevent", "libev", "libuv", "asio"))
    ahead("`timers`, 10 000 and 1 000 000 armed: libev", "timers", 1, ("libev",))
    for peer in ("eventp", "eventp_builder"):
        values = [(n, v) for (g, p, n), v in figures.value.items()
                  if g == "memory_bytes" and p == peer]
        if values:
            n, value = worst(values)
            # Chunk and row are whole bytes; what is left is of the pages that the rows lie in.
            out.append((f"chunk and row beside the value, {peer}", "at most 48 bytes",
                        f"{round(value)} bytes ({value:.2f} with all else; value of {n})",
                        round(value) <= 48))
    return out


def show(goals):
    for text, goal, measured, is_met in goals:
        print(f"{'met   ' if is_met else 'MISSED'}  {text}: {measured}; goal: {goal}")
