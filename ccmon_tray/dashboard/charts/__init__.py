"""Charts: matplotlib figures on Tk canvases.

Nothing outside this package imports matplotlib, and this module imports it only in :func:`prepare`: a window
shows its first frame before, and calls that on a worker's thread.
"""

import os
import sys
import warnings


def prepare() -> None:
    """Import all that charts need and read the list of fonts. Takes about 0.3 s; for a worker's thread."""
    # Each thread of OpenBLAS takes memory, and nothing here multiplies matrices.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Charts in space, 27 ms and 0.9 MiB: None is a module that is not installed, of which matplotlib warns.
    sys.modules.setdefault("mpl_toolkits.mplot3d", None)  # type: ignore[arg-type]
    warnings.filterwarnings("ignore", "Unable to import Axes3D", module="matplotlib")
    import matplotlib as mpl  # noqa: PLC0415

    # A person's own matplotlibrc is for their own figures.
    mpl.rcParams.update({k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith("backend")})
    from ccmon_tray.dashboard.charts import (  # noqa: PLC0415
        columns,
        day_bars,
        donut,
        heatmap,
        sparkline,
        time_chart,
    )

    del columns, day_bars, donut, heatmap, sparkline, time_chart
