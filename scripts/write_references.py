"""Write what follows from the code into docs: the tables of settings and the manual page.

    python3 scripts/write_references.py

A test holds both to the code.
"""

import argparse
import ast
import inspect
import json
import re
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ccmon_tray import __version__, settings  # noqa: E402
from ccmon_tray.cli.arguments import make_parser  # noqa: E402
from ccmon_tray.setting_keys import KEYS, Key  # noqa: E402

SETTINGS_FILE: Final = ROOT / "docs" / "settings.md"
MANUAL_FILE: Final = ROOT / "docs" / "ccmon-tray.1"

BEGIN: Final = "<!-- written by scripts/write_references.py from ccmon_tray/settings.py -->"

_WIDTH: Final = 76

_ENVIRONMENT: Final = (
    ("CCMON_TRAY_SECTION__KEY", "Overrides the setting section.key: CCMON_TRAY_PROMETHEUS__URL."),
    ("CCMON_TRAY_HOME", "One folder for settings, data, state, cache and logs."),
    ("CLAUDE_CONFIG_DIR", "Claude Code's folder, where claude.config_dir does not name it."),
)
_FILES: Final = (
    ("~/.config/ccmon-tray/settings.toml", "The settings; docs/settings.md tells of each."),
    ("~/.local/state/ccmon-tray/log/ccmon-tray.log", "The log of the tray; that of the window is beside it."),
    ("~/.config/autostart/ccmon-tray.desktop", "Starts the tray at login."),
)
_EXIT: Final = (
    ("0", "Done."),
    ("1", "A check failed, or there is no data."),
    ("2", "Wrong usage, or a setting that cannot be used."),
    ("3", "The source cannot be reached."),
)


# The settings


def settings_document(text: str) -> str:
    """The document with its tables as they have to be."""
    return f"{text.partition(BEGIN)[0]}{BEGIN}\n{''.join(_sections())}"


def _sections() -> Iterator[str]:
    meanings = dict(_meanings())
    section = ""
    for key in KEYS.values():
        if key.section != section:
            section = key.section
            about = " ".join((inspect.getdoc(key.model) or "").replace("``", "`").split())
            yield f"\n## {section}\n\n{about}\n\n| setting | default | takes | meaning |\n|---|---|---|---|\n"
        cells = (f"`{key.dotted}`", _default(key), _takes(key), meanings[key.dotted])
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _meanings() -> Iterator[tuple[str, str]]:
    """What stands below each field: Python keeps nothing of it, so that it is read from the source."""
    models = {key.model.__name__: section for section, key in _first_keys()}
    for node in ast.parse(inspect.getsource(settings)).body:
        if not isinstance(node, ast.ClassDef) or node.name not in models:
            continue
        for field, below in zip(node.body, [*node.body[1:], None], strict=True):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                match below:
                    case ast.Expr(ast.Constant(str(words))):
                        yield f"{models[node.name]}.{field.target.id}", " ".join(words.split())
                    case _:
                        raise SystemExit(f"{node.name}.{field.target.id} says nothing of its meaning")


def _first_keys() -> Iterator[tuple[str, Key]]:
    seen = set()
    for key in KEYS.values():
        if key.section not in seen:
            seen.add(key.section)
            yield key.section, key


def _default(key: Key) -> str:
    value = key.default
    if value is None:
        return "–"
    return f"`{json.dumps(value.value if isinstance(value, Enum) else value)}`"


def _takes(key: Key) -> str:
    words = key.allowed()
    kind, choices, values = words.partition("one of ")
    return ", ".join(f"`{value}`" for value in values.split(", ")) if choices and not kind else words


# The manual page


def manual_document(text: str) -> str:
    """The manual page as it has to be; its date is the day on which it was last another one."""
    dated = re.search(r'^\.TH \S+ 1 "([0-9-]+)"', text, re.MULTILINE)
    as_it_was = manual(dated[1] if dated else "")
    return as_it_was if as_it_was == text else manual(datetime.now(UTC).date().isoformat())


def manual(day: str) -> str:
    """The manual page of a day, in man(7)."""
    parser = make_parser()
    (commands,) = _nested(parser)
    told = {choice.dest: choice.help for choice in commands._choices_actions}  # noqa: SLF001
    lines = [
        f'.TH CCMON-TRAY 1 "{day}" "ccmon-tray {__version__}" "User Commands"',
        ".SH NAME",
        f"ccmon-tray \\- {_roff('what Claude Code costs, exactly, at a glance')}",
        ".SH SYNOPSIS",
        ".B ccmon-tray",
        ".RI [ COMMAND ]",
        ".RI [ OPTION .\\|.\\|.]",
        ".SH DESCRIPTION",
        "A tray utility that reads the OpenTelemetry metrics of Claude Code,",
        "and shows in icon and menu what was spent, on which models,",
        "in which sessions, and how fast.",
        "Without a command it runs the tray.",
        ".SH COMMANDS",
    ]
    for name, command in commands.choices.items():
        lines += _command(name, str(told[name]), command)
    for title, rows in (("EXIT STATUS", _EXIT), ("ENVIRONMENT", _ENVIRONMENT), ("FILES", _FILES)):
        lines.append(f".SH {title}")
        for name, words in rows:
            lines += [".TP", f".B {_roff(name)}", *_text(words)]
    return "\n".join(lines) + "\n"


def _command(name: str, told: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield f".SS {_roff(name)}"
    yield from _text(told)
    for nested in _nested(parser):
        for below, words in nested.choices.items():
            yield ".TP"
            yield f".B {_roff(below)}"
            yield from _text(words.description or "")
            yield ".RS"
            yield from _arguments(words)
            yield ".RE"
    yield from _arguments(parser)


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:  # noqa: SLF001
        if isinstance(action, (argparse._HelpAction, argparse._SubParsersAction)):  # noqa: SLF001
            continue
        yield ".TP"
        value = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
        if not action.option_strings:
            yield f".I {_roff(str(value))}"
        elif action.nargs == 0:
            yield f".B {_roff(', '.join(action.option_strings))}"
        else:
            yield f'.BI {_roff(", ".join(action.option_strings))} " {_roff(str(value))}"'
        yield from _text(action.help or "")


def _nested(parser: argparse.ArgumentParser) -> list["argparse._SubParsersAction[argparse.ArgumentParser]"]:
    # argparse has no other way to ask what a parser takes.
    actions = parser._actions  # noqa: SLF001
    return [action for action in actions if isinstance(action, argparse._SubParsersAction)]  # noqa: SLF001


def _text(words: str) -> list[str]:
    """A paragraph, in lines that people who read the page's source can read."""
    lines = textwrap.wrap(_roff(words), _WIDTH, break_long_words=False, break_on_hyphens=False)
    return [re.sub(r"^(['.])", r"\\&\1", line) for line in lines]


def _roff(text: str) -> str:
    """Text that roff takes as it is."""
    text = " ".join(text.replace("\\", "\\e").replace("-", "\\-").replace("%%", "%").split())
    for character, escape in (("“", "\\(lq"), ("”", "\\(rq"), ("’", "\\(cq"), ("…", "...")):
        text = text.replace(character, escape)
    return text


def documents() -> dict[Path, str]:
    """Each file and what has to be in it."""
    return {
        SETTINGS_FILE: settings_document(SETTINGS_FILE.read_text(encoding="utf-8")),
        MANUAL_FILE: manual_document(MANUAL_FILE.read_text(encoding="utf-8")),
    }


def main() -> None:
    """Write them."""
    for path, text in documents().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
