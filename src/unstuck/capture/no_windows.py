"""A backend of Matplotlib that draws and opens no window: its `show` ends as if all had been closed.

Matplotlib imports it by its name (`MPLBACKEND`) while a script runs that draws. With "Agg" alone a
figure would stay after `plt.show()`, and what is drawn next would be drawn into it.
"""

from __future__ import annotations

from typing import Any

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

FigureCanvas, FigureManager = FigureCanvasAgg, FigureManagerBase


def show(*args: Any, **kwargs: Any) -> None:
    """Close every figure."""
    Gcf.destroy_all()
