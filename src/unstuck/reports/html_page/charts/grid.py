"""Success by two things that were varied together, as a heat map."""

from __future__ import annotations

from unstuck.reports.html_page.axes import label_of, label_room, shortened
from unstuck.reports.html_page.draw import Figure, Spec, Table, figure
from unstuck.reports.parts import words
from unstuck.result.pictures import Grid


def grid(given: Grid, number: int) -> Figure:
    """Success by two things varied together."""
    text = (f"How many of a hundred trainings learn, by {given.row_name} and {given.column_name}."
            " Empty fields were not tried.")  # fmt: skip
    rows = [
        (given.rows[c.row], given.columns[c.column], words.of(c.successes, c.replicas),
         words.percent(c.success_rate))
        for c in sorted(given.cells, key=lambda c: -c.success_rate)
    ]  # fmt: skip
    return figure(f"grid-{number}", given.title, text, _grid(given, 540), _grid(given, 350),
                  Table(head=(given.row_name, given.column_name, "learned", "share"),
                        rows=tuple(rows)))  # fmt: skip


def _grid(given: Grid, width: int) -> Spec:
    narrow = width < 500
    room = 16 if narrow else 30
    row_names, column_names = ([shortened(name, room) for name in side]
                               for side in (given.rows, given.columns))  # fmt: skip
    values = []
    for cell in given.cells:
        share = cell.success_rate
        values.append({
            "r": cell.row, "c": cell.column, "b": min(int(share * 5), 4),
            "t": words.percent(share).replace(words.NBSP, "").removesuffix("%"),
            "d": f"{given.rows[cell.row]} · {given.columns[cell.column]}: "
                 f"{words.of(cell.successes, cell.replicas)}",
        })  # fmt: skip
    turned = max(map(len, given.columns)) > 6
    x = {"field": "c", "type": "ordinal", "title": given.column_name,
         "scale": {"domain": list(range(len(column_names)))},
         "axis": {"labelExpr": label_of(column_names),
                  "labelAngle": -40 if turned else 0, "ticks": False,
                  "domain": False}}  # fmt: skip
    y = {"field": "r", "type": "ordinal", "title": given.row_name,
         "scale": {"domain": list(range(len(row_names)))},
         "axis": {"labelExpr": label_of(row_names), "ticks": False, "domain": False}}  # fmt: skip
    steps = list(range(5))
    below = 44 + (0.64 * label_room(column_names) if turned else 16)
    return {"width": width, "height": 34 * len(given.rows) + below,
            "margins": (label_room(row_names) + 24, below),
            "data": {"values": values}, "resolve": {"scale": {"color": "independent"}}, "layer": [
        {"mark": {"type": "rect", "cornerRadius": 3}, "encoding": {
            "x": x, "y": y, "description": {"field": "d"},
            "color": {"field": "b", "type": "ordinal", "legend": None, "scale": {
                "domain": steps, "range": [f"var(--h{i})" for i in steps]}}}},
        {"mark": {"type": "text", "aria": False, "fontSize": 11 if narrow else 12}, "encoding": {
            "x": x, "y": y, "text": {"field": "t"},
            "color": {"field": "b", "type": "ordinal", "legend": None, "scale": {
                "domain": steps, "range": [f"var(--t{i})" for i in steps]}}}},
    ]}  # fmt: skip
