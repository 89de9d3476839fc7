"""Plots of the page: drawn once, by Vega, as SVG that needs no script to be seen."""

from __future__ import annotations

from typing import Any

from stele.contract.codes import Code, SteleError
from stele.report.tables import INTERVALS, Plot

# Vega-Lite's own version of what stands below; vl-convert brings several.
_VEGA_LITE = "5.20"
_WIDTH = 560
_STEP = 20
# Of the page's style: it says what they are by day and by night.
_COLOURS = [f"var(--series-{number})" for number in range(1, 6)]


def svg(plot: Plot) -> str:
    """Return a plot as SVG in the page's colours.

    Raises:
        SteleError: FAILED_PRECONDITION without the package that draws.
    """
    try:
        # Only `stele report` needs it, and it is as large as everything else here.
        import vl_convert
    except ImportError as error:
        raise SteleError(
            Code.FAILED_PRECONDITION,
            "the plots of the page are drawn by vl-convert-python; pip install 'tf-stele[report]'",
        ) from error
    return str(vl_convert.vegalite_to_svg(_specification(plot), vl_version=_VEGA_LITE))


def _specification(plot: Plot) -> dict[str, Any]:
    values = [
        {"row": mark.row, "value": mark.value, "low": mark.low, "high": mark.high,
         "series": mark.series, "order": number}
        for number, mark in enumerate(plot.marks)
    ]  # fmt: skip
    rows = list(dict.fromkeys(mark.row for mark in plot.marks))
    y = {"field": "row", "type": "nominal", "sort": rows, "title": None}
    drawn = _intervals(plot, y) if plot.kind == INTERVALS else _parts(plot, y)
    return {
        "data": {"values": values},
        "width": _WIDTH,
        "height": {"step": _STEP},
        **drawn,
        "config": _config(longest=max(map(len, rows), default=0)),
    }  # fmt: skip


def _intervals(plot: Plot, y: dict[str, Any]) -> dict[str, Any]:
    """Medians on a logarithmic scale, each with its interval."""
    series = sorted({mark.series for mark in plot.marks})
    legend = {"orient": "top"} if len(series) > 1 else None
    named = {"field": "series", "type": "nominal", "title": None, "sort": series, "legend": legend}
    x = {"type": "quantitative", "scale": {"type": "log"}}
    colour = {"color": {**named, "scale": {"range": _COLOURS}}}
    return {
        "encoding": {"y": y},
        "layer": [
            {
                "mark": {"type": "rule", "strokeWidth": 2},
                "encoding": {"x": {"field": "low", **x}, "x2": {"field": "high"}, **colour},
            },
            {
                "mark": {"type": "point", "filled": True, "size": 70, "opacity": 1},
                "encoding": {
                    "x": {"field": "value", "title": f"{plot.unit}, logarithmic scale", **x},
                    "shape": named,
                    **colour,
                },
            },
        ],
    }


def _parts(plot: Plot, y: dict[str, Any]) -> dict[str, Any]:
    """Parts of a whole, one behind the other."""
    return {
        "mark": {"type": "bar"},
        "encoding": {
            "y": y,
            "x": {"field": "value", "type": "quantitative", "stack": "zero", "title": plot.unit},
            "color": {
                "field": "series", "type": "nominal", "title": None, "sort": None,
                "scale": {"range": _COLOURS}, "legend": {"orient": "top"},
            },
            "order": {"field": "order", "type": "quantitative"},
        },
    }  # fmt: skip


def _config(longest: int) -> dict[str, Any]:
    """Return colours of the page; the reader's font may be wider than the one measured here."""
    ink, line = "var(--ink)", "var(--line)"
    text = {"labelColor": ink, "titleColor": ink, "labelFontSize": 12, "titleFontSize": 12}
    return {
        "background": "transparent",
        "font": "system-ui, sans-serif",
        "axis": {
            **text,
            "gridColor": line,
            "domainColor": ink,
            "tickColor": ink,
            "labelLimit": 300,
        },
        "axisY": {"minExtent": 8 * longest},
        "legend": text,
        "view": {"stroke": None},
    }
