from __future__ import annotations

from dataclasses import replace

from stele.bench import table
from stele.parity.record import Benchmark, Outcome, Result, Startup, Unmeasured

ROUNDS = (100e3, 101e3, 99e3, 100e3, 102e3, 98e3)
C = Benchmark("m", "c", "default", "case", None, "abc", True, ROUNDS, 60, 1.0, 5, True)
SLOW = replace(C, binding="slow", call_ns=tuple(2 * ns for ns in ROUNDS))
START = Startup("m", "c", "default", "abc", (0.1, 0.1), (0.2, 0.3), (0.1, 0.1), (0.1, 0.1), 2**20)


def row(records: list[object], binding: str, **options: str) -> dict[str, str]:
    header, *rows = table.rows(table.figures(records, **options), **options)  # type: ignore[arg-type]
    (found,) = (cells for cells in rows if cells[header.index("binding")] == binding)
    return dict(zip(header, found, strict=True))


def test_a_row() -> None:
    compared = Result("m", "c", "case", "s", Outcome.PASS, identical=True)
    cells = row([compared, replace(compared, identical=False), C, SLOW, START], "c")
    assert cells == {
        "binding": "c",
        "identical bits": "1/2",
        "call": "100.0 µs [98.0, 102.0]",
        "rank": "1",
        "over c": "1.00 × [1.00, 1.00]",
        "more than c": "+0.0 µs [+0.0, +0.0]",
        "cold start": "0.55 s",
        "memory": "1 MiB",
        "disk": "-",
    }


def test_how_far_the_furthest_answer_is() -> None:
    near = Result("m", "c", "case", "s", Outcome.PASS, identical=False)
    far = replace(near, tensors=({"ulp": 3, "absolute": 2e-6}, {"ulp": 70, "absolute": 1e-6}))
    assert row([near, far, C], "c")["furthest"] == "70 ULP, 2.0e-06"
    # What is another answer is counted, and not measured.
    other = replace(far, outcome=Outcome.MISMATCH, tensors=({"ulp": 2**30, "absolute": 1.0},))
    assert row([far, other, C], "c")["furthest"] == "70 ULP, 2.0e-06, but for 1"
    # What is the same to the last bit is not far at all.
    assert row([far, C, SLOW], "slow")["furthest"] == "-"
    assert "furthest" not in row([C, SLOW], "c")


def test_what_a_page_downloads() -> None:
    page = replace(START, binding="slow", download_bytes=3 * 2**19)
    records = [C, SLOW, START, page]
    assert row(records, "slow")["download"] == "1.5 MiB"
    assert row(records, "c")["download"] == "-"
    assert "download" not in row([C, START], "c")


def test_the_reader_chooses_what_to_compare_with() -> None:
    assert row([C, SLOW], "slow")["over c"] == "2.00 × [2.00, 2.00]"
    assert row([C, SLOW], "c", versus="slow")["over slow"] == "0.50 × [0.50, 0.50]"
    assert row([C, SLOW], "slow")["rank"] == "2"


def test_a_profile_is_compared_with_the_same_profile() -> None:
    inline = replace(C, profile="inline", call_ns=tuple(ns / 2 for ns in ROUNDS))
    ours = replace(inline, binding="ours", call_ns=tuple(3 * ns for ns in inline.call_ns))
    assert row([C, inline, ours], "ours")["over c"] == "3.00 × [3.00, 3.00]"
    only_default = row([C, ours], "ours")
    assert only_default["over c"] == "1.50 × [1.50, 1.50]"


def test_without_c_there_is_no_overhead() -> None:
    cells = row([SLOW], "slow")
    assert "more than c" not in cells
    assert "over c" not in cells


def test_phases_and_what_was_not_measured() -> None:
    _, cells = table.phases([START], [replace(C, steady=False)])
    assert cells == [
        "m", "c", "default", "0.10 s", "0.25 s", "0.10 s", "0.10 s", "1.0 s, 5 calls, not steady"
    ]  # fmt: skip
    assert table.unmeasured([Unmeasured("m", "b", "inline", "broken\nbadly")]) == [
        "m, b, profile inline: broken"
    ]


def test_markdown() -> None:
    assert table.markdown([["binding", "call"], ["a|b", "1 µs"]]) == (
        "| binding | call |\n|---|---:|\n| a\\|b | 1 µs |"
    )
