"""The body of a form: what is sent is what a server reads."""

from urllib.parse import parse_qsl

from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.sources.prometheus.connection import encode_form


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=40), max_size=4))
def test_a_form_is_read_as_it_was_written(form: dict[str, str]) -> None:
    read = parse_qsl(encode_form(form).decode(), keep_blank_values=True, strict_parsing=bool(form))
    assert dict(read) == form


def test_lists_repeat_their_key() -> None:
    form = {"match[]": ['{a="b&c"}', "up"], "time": "1.000"}
    assert parse_qsl(encode_form(form).decode()) == [
        ("match[]", '{a="b&c"}'),
        ("match[]", "up"),
        ("time", "1.000"),
    ]
