"""The settings file in the person's own editor."""

from typing import TYPE_CHECKING, Final, get_origin

from ccmon_tray.desktop.opening import open_path
from ccmon_tray.errors import CcmonError
from ccmon_tray.files import write_atomic
from ccmon_tray.paths import Paths
from ccmon_tray.setting_keys import KEYS, Key

if TYPE_CHECKING:
    import subprocess

_HEAD: Final = (
    "# Settings of ccmon-tray. Take the # from a line to set it; the values here are the defaults.",
    "# Changes count at once. What each one means: docs/settings.md",
)


def edit_settings(paths: Paths) -> "subprocess.Popen[bytes] | None":
    """Open the settings file; make one that explains itself if there is none.

    Args:
        paths: Where the file is.

    Returns:
        The program that opens it, which ends with another status than 0 if it cannot; None on Windows, which
        opens files itself.

    Raises:
        CcmonError: The file cannot be made, or nothing opens it.
    """
    file = paths.settings_file
    try:
        if not file.exists():
            write_atomic(file, settings_template().encode())
    except OSError as error:
        raise CcmonError(
            "The settings file cannot be made", cause=str(error), next_step=f"Check the folder of {file}"
        ) from error
    return open_path(file, as_text=True)


def settings_template() -> str:
    """A settings file in which every setting stands as a comment with its default."""
    lines = list(_HEAD)
    section = ""
    for key in KEYS.values():
        if key.section != section:
            section = key.section
            lines += ["", f"[{section}]"]
        if not key.secret:
            lines.append(f"# {key.name} = {_toml(key)}")
    return "\n".join(lines) + "\n"


def _toml(key: Key) -> str:
    match key.default:
        case None:
            return "[]" if get_origin(key.kind) is tuple else '""'
        case tuple() as values:
            return str(list(values))
        case bool() | int() | float() as value:
            return str(value).lower()
        case value:
            return f'"{value}"'
