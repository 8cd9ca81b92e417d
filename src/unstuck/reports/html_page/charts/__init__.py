"""The charts: each takes a result and gives a `Figure`, or `None` where there is nothing to draw.

Positions are laid out here; figures are only worded, never computed.
"""
