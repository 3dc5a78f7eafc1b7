"""Changing a few values in a JSON file that a person edits: comments, order and spaces stay as they are.

Claude Code's settings are JSON, in which people nevertheless write comments and commas at the end. So the
text is changed in place, and what came out is read again and compared with what was wanted.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_TOKEN: Final = re.compile(
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")'
    r"|(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<space>[ \t\r\n\ufeff]+)"
    r"|(?P<mark>[{}\[\],:])"
    r"|(?P<word>[^\s{}\[\],:\"/]+)",
    re.DOTALL,
)
_REST_OF_LINE: Final = re.compile(r"(?:[ \t]*(?:/\*[^\n]*?\*/))*[ \t]*(?://[^\r\n]*)?")
_INDENT: Final = "  "


class NotJson(ValueError):
    """The text is no JSON, not even with comments."""


class _Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class _Member(NamedTuple):
    """A member of an object: where key and value are, and its comma's end or None."""

    key: str
    start: int
    value_start: int
    value_end: int
    comma_end: int | None


class _Object(NamedTuple):
    start: int
    end: int  # of the closing brace
    members: list[_Member]


def loads(text: str) -> Any:
    """The value of a JSON text, which may hold comments and commas at the ends of objects and lists.

    Raises:
        NotJson: It is none.
    """
    plain: list[str] = []
    tokens = list(_tokens(text))
    for number, token in enumerate(tokens):
        following = tokens[number + 1].text if number + 1 < len(tokens) else ""
        if token.text == "," and following in ("}", "]"):
            continue
        plain.append(token.text)
    try:
        return json.loads(" ".join(plain))
    except (ValueError, RecursionError) as error:
        raise NotJson(getattr(error, "msg", "too deep")) from error


def edit(text: str, section: str, changes: Mapping[str, Any]) -> str:
    """Set and remove values of an object inside the outermost one.

    Args:
        text: The file; "" is one without settings.
        section: The key of the inner object. It is made if there is none, and removed if nothing is left.
        changes: Values by key; None removes the key.

    Returns:
        The changed text.

    Raises:
        NotJson: The text is no JSON object, or the section is none.
    """
    text = text if text.strip() else "{}\n"
    before = loads(text)
    if not isinstance(before, dict) or not isinstance(before.get(section, {}), dict):
        raise NotJson(f"{section} is no object")
    wanted = _changed(before, section, changes)
    changed = _edited(text, section, changes)
    if list(_pairs(loads(changed))) != list(_pairs(wanted)):
        raise NotJson("it is written in a way that cannot be changed safely")
    return changed


def _changed(before: dict[str, Any], section: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    inner = dict(before.get(section, {}))
    for key, value in changes.items():
        if value is None:
            inner.pop(key, None)
        else:
            inner[key] = value
    wanted = {**before, section: inner}
    if not inner:
        del wanted[section]
    return wanted


def _pairs(value: Any, path: tuple[object, ...] = ()) -> Iterator[tuple[object, ...]]:
    """All of a value, with its order."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield path, type(value), value if not isinstance(value, dict | list) else len(value)
    for key, inner in items:
        yield from _pairs(inner, (*path, key))


def _edited(text: str, section: str, changes: Mapping[str, Any]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    outer = _outermost(text)
    unit = _indent_of(text, outer.members[0].start) if outer.members else _INDENT
    found = _find(outer, section)
    if found is None:
        given = {key: value for key, value in changes.items() if value is not None}
        if not given:
            return text
        lines = f",{newline}".join(f"{unit * 2}{json.dumps(k)}: {json.dumps(v)}" for k, v in given.items())
        member = f"{json.dumps(section)}: {{{newline}{lines}{newline}{unit}}}"
        return _insert(text, outer, member, unit, newline)
    for key, value in changes.items():
        inner = _object_at(text, found.value_start)
        member_of_key = _find(inner, key)
        if member_of_key is not None and value is not None:
            start, end = member_of_key.value_start, member_of_key.value_end
            text = text[:start] + json.dumps(value) + text[end:]
        elif member_of_key is not None:
            text = _remove(text, inner, member_of_key)
        elif value is not None:
            indent = _indent_of(text, inner.members[0].start) if inner.members else unit * 2
            text = _insert(text, inner, f"{json.dumps(key)}: {json.dumps(value)}", indent, newline)
    if not _object_at(text, found.value_start).members:
        outer = _outermost(text)
        last = _find(outer, section)
        assert last is not None
        text = _remove(text, outer, last)
    return text


def _insert(text: str, into: _Object, member: str, indent: str, newline: str) -> str:
    """Add a member at the end of an object, on a line of its own."""
    if not into.members:
        closing = _indent_of(text, into.start)
        inside = text[into.start + 1 : into.end - 1]
        kept = inside.rstrip() if inside.strip() else ""
        lines = f"{kept}{newline}{indent}{member}{newline}{closing}"
        return text[: into.start + 1] + lines + text[into.end - 1 :]
    last = into.members[-1]
    comma = "," if last.comma_end is not None else ""
    after = last.comma_end if last.comma_end is not None else last.value_end
    rest = _REST_OF_LINE.match(text, after)
    assert rest is not None
    line_end = rest.end()
    separator = "" if comma else ","
    on_one_line = newline not in text[into.start : into.end]
    if on_one_line:
        return text[:after] + f"{separator} {member}{comma}" + text[after:]
    return (
        text[:after] + separator + text[after:line_end] + newline + indent + member + comma + text[line_end:]
    )


def _remove(text: str, of: _Object, member: _Member) -> str:
    """Take a member out, with its comma, and with its line if nothing else is on it."""
    start, end = member.start, member.comma_end if member.comma_end is not None else member.value_end
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end + 1
    alone = not text[line_start:start].strip() and not text[end:line_end].strip()
    if alone:
        start, end = line_start, line_end
    number = of.members.index(member)
    removed = text[:start] + text[end:]
    if member.comma_end is None and number > 0:
        before = of.members[number - 1]
        assert before.comma_end is not None
        removed = removed[: before.comma_end - 1] + removed[before.comma_end :]
    elif not alone and end < len(text) and text[end] == " ":
        removed = text[:start] + text[end + 1 :]
    return removed


def _indent_of(text: str, at: int) -> str:
    """The spaces at the beginning of the line of a position."""
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _find(inside: _Object, key: str) -> _Member | None:
    # Of a key that is there twice, the last one counts.
    return next((member for member in reversed(inside.members) if member.key == key), None)


def _outermost(text: str) -> _Object:
    return _object_at(text, next(token.start for token in _tokens(text)))


def _object_at(text: str, at: int) -> _Object:
    """The object that begins at a position."""
    members: list[_Member] = []
    tokens = _tokens(text, at)
    opening = next(tokens)
    if opening.text != "{":
        raise NotJson("it is no object")
    depth = 0
    key: _Token | None = None
    first: _Token | None = None
    last: _Token = opening
    for token in tokens:
        if depth == 0 and token.text in (",", "}") and key is not None and first is not None:
            comma_end = token.end if token.text == "," else None
            members.append(_Member(json.loads(key.text), key.start, first.start, last.end, comma_end))
            key = first = None
        if depth == 0 and token.text == "}":
            return _Object(opening.start, token.end, members)
        if depth == 0 and key is None and token.kind == "string":
            key = token
        elif key is not None and first is None and token.text != ":":
            first = token
        depth += (token.text in ("{", "[")) - (token.text in ("}", "]"))
        last = token
    raise NotJson("it ends early")


def _tokens(text: str, at: int = 0) -> Iterator[_Token]:
    """All but comments and spaces."""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            raise NotJson(f"line {text.count(chr(10), 0, at) + 1} cannot be read")
        if found.lastgroup not in ("comment", "space"):
            yield _Token(found.lastgroup, found[0], found.start(), found.end())
        at = found.end()
