"""The reference that people choose a binding from: one page, and the same as Markdown.

Journals of `stele check` and `stele bench` become tables (`parity`, `performance`,
`features`, `choice`), and those are written twice (`page`, `text`), so that no figure
stands in one of them and not in the other.
"""
