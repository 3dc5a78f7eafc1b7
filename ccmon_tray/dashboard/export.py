"""What a view shows as a file: its tables as CSV or JSON, its charts as PNG or SVG."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tkinter import filedialog, messagebox
from typing import TYPE_CHECKING, Any, Final

from ccmon_tray.dashboard.views.base import Exported
from ccmon_tray.errors import CcmonError
from ccmon_tray.files import write_atomic

if TYPE_CHECKING:
    from ccmon_tray.dashboard.charts.base import Chart
    from ccmon_tray.dashboard.window import DashboardWindow

_DATA: Final = ("csv", "json")


def export_page(window: "DashboardWindow", kind: str, path: Path | None = None) -> tuple[Path, ...]:
    """Write what the open view shows, and say so.

    Args:
        window: The window.
        kind: ``csv``, ``json``, ``png`` or ``svg``.
        path: Where; None asks the person.

    Returns:
        The files written: none if the person chose none, or they cannot be written.
    """
    agreed: Path | None = None
    if path is None:
        name = f"claude-code-{window.view_name}-{_stamp(window)}.{kind}"
        chosen = filedialog.asksaveasfilename(
            parent=window.root, defaultextension=f".{kind}", initialfile=name, title="Export"
        )
        if not chosen:
            return ()
        path = agreed = Path(chosen)  # whether it may be replaced is asked there
    if path.suffix != f".{kind}":
        path = path.with_name(f"{path.name}.{kind}")  # “costs 2026.11” is a whole name
    if kind not in window.exports():
        window.say("There is nothing to export any more")  # while the person chose a file
        return ()
    tables, charts = window.tables(), window.page.view.charts
    places = table_places(path, tables) if kind in _DATA else chart_places(path, charts)
    there = [place for place in places if place != agreed and _is_there(place)]
    if there and not _may_replace(window, there):
        return ()
    try:
        written = write_tables(path, tables, _about(window)) if kind in _DATA else write_charts(path, charts)
    except CcmonError as error:
        window.say(str(error))
        return ()
    more = f" and {len(written) - 1} more" if len(written) > 1 else ""
    window.say(f"Saved {written[0].name}{more}")
    return written


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder that cannot be read; writing says so
        return False


def _may_replace(window: "DashboardWindow", there: Sequence[Path]) -> bool:
    """Ask whether files may be replaced that nobody was asked about yet."""
    title = f"Replace {there[0].name}?" if len(there) == 1 else f"Replace {len(there)} files?"
    names = "\n".join(place.name for place in there)
    return messagebox.askokcancel(
        parent=window.root,
        title="Export",
        message=title,
        detail=f"In {there[0].parent} there {'is' if len(there) == 1 else 'are'} already:\n{names}",
        icon=messagebox.WARNING,
        default=messagebox.CANCEL,
    )


def _about(window: "DashboardWindow") -> Mapping[str, object]:
    """What JSON says of itself: the view, the source, the range."""
    page, services = window.page, window.services
    found: dict[str, object] = {
        "view": str(window.view_name),
        "source": services.source.info.model_dump(mode="json"),
    }
    if page.view.ranged and page.window is not None:
        found["range"] = {
            "name": window.chosen_range().name,
            "start": page.window.start,
            "end": page.window.end,
            "timezone": services.calendar.zone_name,
        }
    return found


def _stamp(window: "DashboardWindow") -> str:
    services = window.services
    return f"{services.calendar.local(services.clock()):%Y-%m-%d}"


def table_places(path: Path, tables: Sequence[Exported]) -> tuple[Path, ...]:
    """Where :func:`write_tables` writes: JSON is one file, further CSV tables go beside the first."""
    if path.suffix == ".json":
        return (path,)
    beside = (path.with_stem(f"{path.stem}-{table.name.replace('_', '-')}") for table in tables[1:])
    return (path, *beside)


def chart_places(path: Path, charts: Sequence["Chart[Any]"]) -> tuple[Path, ...]:
    """Where :func:`write_charts` writes: one chart at the path, several beside it under their names."""
    if len(charts) == 1:
        return (path,)
    names = ("-".join(chart.label.lower().split()) or str(number) for number, chart in enumerate(charts, 1))
    return tuple(path.with_stem(f"{path.stem}-{name}") for name in names)


def write_tables(path: Path, tables: Sequence[Exported], about: Mapping[str, object]) -> tuple[Path, ...]:
    """Write tables as JSON (one file) or CSV (a file a table), by the path's suffix.

    Args:
        path: Where; further CSV tables go beside it under their names.
        tables: What to write.
        about: What JSON says besides: the view, the source, the range.

    Returns:
        The files written.

    Raises:
        CcmonError: A file cannot be written.
    """
    if path.suffix == ".json":
        content = {
            **about,
            **{
                table.name: [dict(zip(table.header, row, strict=True)) for row in table.rows]
                for table in tables
            },
        }
        _write(path, json.dumps(content, ensure_ascii=False, indent=2) + "\n")
        return (path,)
    places = table_places(path, tables)
    for place, table in zip(places, tables, strict=True):
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(table.header)
        writer.writerows(table.rows)
        _write(place, text.getvalue())
    return places


def write_charts(path: Path, charts: Sequence["Chart[Any]"]) -> tuple[Path, ...]:
    """Write charts as PNG or SVG by the path's suffix, a file a chart.

    Args:
        path: Where; further charts go beside it under their names.
        charts: What to write.

    Returns:
        The files written.

    Raises:
        CcmonError: A file cannot be written.
    """
    places = chart_places(path, charts)
    for place, chart in zip(places, charts, strict=True):
        try:
            chart.save(place)
        except OSError as error:
            raise _cannot(place, error) from error
    return places


def _write(path: Path, text: str) -> None:
    try:
        write_atomic(path, text.encode(), mode=0o644)
    except OSError as error:
        raise _cannot(path, error) from error


def _cannot(path: Path, error: OSError) -> CcmonError:
    return CcmonError(
        f"{path.name} cannot be written",
        cause=str(error.strerror or error),
        next_step="Choose another folder",
    )
