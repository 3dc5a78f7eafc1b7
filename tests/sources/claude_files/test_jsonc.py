"""Settings files are changed in place: what a person has written stays as it is."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.sources.claude_files.jsonc import NotJson, edit, loads

PLAIN = """{
  "model": "opus",
  "env": {
    "A": "1",
    "B": "two"
  },
  "z": [1, 2]
}
"""


@pytest.mark.parametrize(
    ("before", "changes", "after"),
    [
        (PLAIN, {"A": "9"}, PLAIN.replace('"1"', '"9"')),
        (PLAIN, {"C": "3"}, PLAIN.replace('"two"', '"two",\n    "C": "3"')),
        (PLAIN, {"A": None}, PLAIN.replace('    "A": "1",\n', "")),
        (PLAIN, {"B": None}, PLAIN.replace(',\n    "B": "two"', "")),
        (PLAIN, {"A": None, "B": None}, '{\n  "model": "opus",\n  "z": [1, 2]\n}\n'),
        (PLAIN, {"A": None, "B": None, "C": "3"}, None),
        (PLAIN, {"missing": None}, PLAIN),
        ("", {"A": "1"}, '{\n  "env": {\n    "A": "1"\n  }\n}\n'),
        ("{}\n", {"A": "1"}, '{\n  "env": {\n    "A": "1"\n  }\n}\n'),
        ("{}", {"A": "1"}, '{\n  "env": {\n    "A": "1"\n  }\n}'),
        ('{"env": {}}', {"A": "1"}, None),
        ('{"env": {"B": "2"}}', {"A": "1"}, '{"env": {"B": "2", "A": "1"}}'),
        ('{"env": {"B": "2", "C": "3"}, "x": 1}', {"B": None}, '{"env": {"C": "3"}, "x": 1}'),
        ('{"x": 1}', {"A": "1"}, None),
        ('{\n\t"x": 1\n}\n', {"A": "1"}, '{\n\t"x": 1,\n\t"env": {\n\t\t"A": "1"\n\t}\n}\n'),
        ('{\r\n  "x": 1\r\n}\r\n', {"A": "1"}, '{\r\n  "x": 1,\r\n  "env": {\r\n    "A": "1"\r\n  }\r\n}\r\n'),  # noqa: E501
        (
            '// mine\n{\n  "env": {\n    "B": "2", // two\n    /* why */ "C": "3" // three\n  },\n}\n',
            {"A": "1"},
            '// mine\n{\n  "env": {\n    "B": "2", // two\n    /* why */ "C": "3", // three\n    "A": "1"\n  },\n}\n',  # noqa: E501
        ),
        (
            '{\n  "env": {\n    "B": "2", // two\n  },\n}\n',
            {"A": "1"},
            '{\n  "env": {\n    "B": "2", // two\n    "A": "1",\n  },\n}\n',
        ),
        (
            '{\n  "env": {\n    // none yet\n  }\n}\n',
            {"A": "1"},
            '{\n  "env": {\n    // none yet\n    "A": "1"\n  }\n}\n',
        ),
        (
            '{\n  "env": {\n    "B": "2", // two\n    "C": "3"\n  }\n}\n',
            {"C": None},
            '{\n  "env": {\n    "B": "2" // two\n  }\n}\n',
        ),
        ('\ufeff{\n  "x": "env"\n}\n', {"A": "ü"}, None),
        ('{"env": {"A": "0"}, "env": {"A": "1"}}', {"A": "2"}, '{"env": {"A": "0"}, "env": {"A": "2"}}'),
        ('{"env": {"A": {"deep": ["}", "//"]}, "B": "1"}}', {"B": "2"}, '{"env": {"A": {"deep": ["}", "//"]}, "B": "2"}}'),  # noqa: E501
    ],
)  # fmt: skip
def test_only_what_is_to_be_changed_changes(before: str, changes: dict[str, Any], after: str | None) -> None:
    changed = edit(before, "env", changes)
    if after is not None:
        assert changed == after
    env = loads(changed).get("env", {})
    assert {name: env.get(name) for name in changes} == changes


def test_what_was_added_can_be_taken_out_without_a_trace() -> None:
    for before in (PLAIN, '{\n  "x": 1\n}\n', '{\n  "env": {\n    "B": "2", // two\n  },\n}\n'):
        added = edit(before, "env", {"N1": "1", "N2": "2"})
        assert edit(added, "env", {"N1": None, "N2": None}) == before


@pytest.mark.parametrize(
    "text", ["{", "[]", "1", '{"env": 3}', '{"env": []}', '{"env": null}', '{"a": 1 "b": 2}', "{'a': 1}", "{} {}"]  # noqa: E501
)  # fmt: skip
def test_what_is_no_json_object_is_not_touched(text: str) -> None:
    with pytest.raises(NotJson):
        edit(text, "env", {"A": "1"})


names = st.text(max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


@given(
    document=st.dictionaries(names, values, max_size=5),
    env=st.dictionaries(names, values, max_size=4) | st.none(),
    changes=st.dictionaries(names, st.text(max_size=5) | st.none(), max_size=4),
    indent=st.sampled_from([None, 0, 2, 4, "\t"]),
    ascii_only=st.booleans(),
)
def test_any_settings_hold_afterwards_what_was_wanted(
    document: dict[str, Any],
    env: dict[str, Any] | None,
    changes: dict[str, Any],
    indent: Any,
    ascii_only: bool,
) -> None:
    document.pop("env", None)
    if env is not None:
        document["env"] = env
    changed = json.loads(edit(json.dumps(document, indent=indent, ensure_ascii=ascii_only), "env", changes))
    expected = {**(env or {}), **changes}
    expected = {name: value for name, value in expected.items() if value is not None or name not in changes}
    assert changed.pop("env", {}) == expected
    document.pop("env", None)
    assert changed == document
