# SPDX-License-Identifier: MIT
"""What the figures must show, checked on the rows of one run.

A goal is met when the ratio of the medians over all layouts meets it; the spread over the layouts
is shown beside it.
"""
from bench_rows import Figures

LIBRARIES = ("libevent", "libev", "libuv", "asio", "sd_event")
PEERS = LIBRARIES + ("design_token_table", "design_siphash")


def by_value(ratio):
    return ratio.value


def nearest(figures, group, peers, points=None):
    """The best of the peers as a ratio to eventp, at the point where it is the nearest."""
    found = [ratio for peer in peers
             for ratio in figures.ratios(group, over="eventp", of=peer, points=points)]
    return min(found, key=by_value, default=None)


def check(rows):
    """[(figure, goal, measured, is met)] for the groups that were measured."""
    figures, out = Figures(rows), []

    def at_most(text, limit, ratios):
        worst = max(ratios, key=by_value, default=None)
        if worst:
            out.append((text, f"at most {limit:.2f} x", f"{worst} x, n = {worst.n}",
                        worst.value <= limit))

    def below(group, points=None):
        best = nearest(figures, group, PEERS, points)
        if best:
            out.append((f"`{group}`: the nearest peer", "above 1 x eventp",
                        f"{best} x, {best.peer}, n = {best.n}", best.value > 1))

    def ahead(text, group, least, peers):
        best = nearest(figures, group, peers)
        if best:
            out.append((text, f"at least {least:.2f} x eventp",
                        f"{best} x, {best.peer}, n = {best.n}", best.value >= least))

    at_most("`kernel_free`, 256 subscribers, to the bare loop", 1.05,
            figures.ratios("kernel_free", "raw_epoll", points=[256]))
    for group in ("one_ready", "all_ready", "dispatch_only"):
        at_most(f"`{group}`, every n, to the bare loop", 1.01, figures.ratios(group, "raw_epoll"))
        at_most(f"`{group}` inside run(), every n, to the bare loop's", 1.01,
                figures.ratios(group, "raw_epoll_run", of="eventp_run"))
        below(group)
    at_most("`multi_fd`, to as many single descriptors", 1.02,
            figures.ratios("multi_fd", "eventp_single"))
    at_most("`churn`, to two bare epoll_ctl with an allocation", 1.05,
            figures.ratios("churn", "raw_epoll"))
    beside = figures.ratio("churn", "eventp", 10_000, "eventp", n_over=0)
    if beside:
        out.append(("`churn`, 10 000 others to none", "at most 1.05 x", f"{beside} x",
                    beside.value <= 1.05))
    at_most("`echo`, 64 and 1000 connections, to the bare loop", 1.02,
            figures.ratios("echo", "raw_epoll", points=[64, 1000]))
    below("echo", points=[64, 1000])
    ahead("`post`, 1 and 2 producers: the best library", "post", 1.5,
          ("libevent", "libev", "libuv", "asio"))
    ahead("`timers`, 10 000 and 1 000 000 armed: libev", "timers", 1, ("libev",))
    for peer in ("eventp", "eventp_builder"):
        values = [(figures.value("memory_bytes", peer, n), n)
                  for n in figures.points("memory_bytes") if n > 0]
        values = [(value, n) for value, n in values if value is not None]
        if values:
            value, n = max(values)
            # Chunk and row are whole bytes; the fraction belongs to the pages that hold the rows.
            out.append((f"chunk and row beside the value, {peer}", "at most 48 bytes",
                        f"{round(value)} bytes ({value:.2f} in all; value of {n})",
                        round(value) <= 48))
    return out


def show(goals):
    for text, goal, measured, is_met in goals:
        print(f"{'met   ' if is_met else 'MISSED'}  {text}: {measured}; goal: {goal}")
