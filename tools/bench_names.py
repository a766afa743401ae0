# SPDX-License-Identifier: MIT
"""Names of the benchmarks, for tables, plots and pages."""

# group: (what it measures, what n is)
GROUPS = {
    "one_ready": ("one ready among n registered, fired and read", "registered descriptors"),
    "multi_fd": ("one ready among n objects with 4 descriptors each, fired and read", "objects"),
    "all_ready": ("n fired and read in one turn, per event", "ready descriptors"),
    "dispatch_only": ("n always ready, handlers only count, per event", "ready descriptors"),
    "kernel_free": ("the kernel replaced by a replayed batch, per event", "subscribers"),
    "churn": ("add + remove of one beside n others", "other descriptors"),
    "churn_turn": ("add, a turn, remove, a turn, beside n others", "other descriptors"),
    "modify": ("a change of interest", "descriptors"),
    "post": ("closures posted by n threads, per closure", "producers"),
    "call": ("a closure called from another thread, round trip", "callers"),
    "timers": ("arm + cancel of one timer beside n others", "armed timers"),
    "echo": ("TCP echo on loopback, server processor time per request", "connections"),
    "memory_bytes": ("memory per registration beside the user's n bytes", "bytes of the value"),
    "startup": ("a loop is constructed, takes a descriptor and a turn, and is destroyed",
                "descriptors"),
    "library_bytes": ("shared library, stripped", "libraries"),
}

PEERS = {
    "raw_epoll": "bare epoll loop",
    "raw_epoll_run": "bare epoll loop, inside run()",
    "eventp": "eventp",
    "eventp_run": "eventp, inside run()",
    "eventp_single": "eventp, 4n single descriptors",
    "eventp_after": "eventp, after()",
    "eventp_builder": "eventp, made by the builder",
    "design_token_table": "design: token, hash table",
    "design_siphash": "design: two or three SipHash",
    "libevent": "libevent",
    "libev": "libev",
    "libuv": "libuv",
    "asio": "Asio",
    "sd_event": "sd-event",
}


def name_of(peer):
    return PEERS.get(peer, peer)


def unit_of(group):
    return "bytes" if group.endswith("_bytes") else "ns"


def text_of(value):
    """A figure with three or four digits, thousands apart."""
    digits = 0 if value >= 1000 or value == int(value) else 1 if value >= 100 else 2
    return f"{value:,.{digits}f}".replace(",", " ")


def order_of(rows):
    """The peers of a group, the quickest first."""
    values = {}
    for row in rows:
        values.setdefault(row["peer"], []).append(row["median_ns"])
    return sorted(values, key=lambda peer: (min(values[peer]), sum(values[peer])))
