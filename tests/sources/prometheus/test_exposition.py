"""A page of metrics, as servers write it."""

import math

from ccmon_tray.sources.prometheus.exposition import Exposition


def test_a_page_of_metrics() -> None:
    page = Exposition(
        "# TYPE a counter\n"
        'a{x="1",y="}\\"2"} 1e3 1700000000\n'
        'a{x="2"} 4\n'
        "b NaN\n"
        "c +Inf\n"
        "this is no sample at all\n"
        "d one\n"
    )
    assert page.sum("a") == 1004
    assert page.sum("missing", "a", where=lambda labels: labels["x"] == "2") == 4
    assert page.sum("a", where=lambda labels: "z" in labels) is None
    assert math.isnan(page.sum("b") or 0)
    assert page.sum("c") == math.inf
    assert "d" not in page
    assert page.labels("a") == {"x": "1", "y": '}\\"2'}
