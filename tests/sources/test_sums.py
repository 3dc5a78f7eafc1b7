from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.sources.base import Answer, Question, Row, Span
from ccmon_tray.sources.sums import NONE, changed, largest, session_ids
from ccmon_tray.usage.metrics import Label, Metric


def _answer(**totals: float) -> Answer:
    return Answer(tuple(Row((key,), total) for key, total in totals.items()))


_amounts = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 5).map(float))


def test_what_is_subtracted_in_full_leaves_no_crumbs_of_rounding() -> None:
    sums = changed(NONE, [_answer(a=0.1), _answer(a=0.2, b=1.0)])

    assert changed(sums, [], [_answer(a=0.3)]).amounts == {("b",): 1.0}


def test_an_unknown_counter_stays_unknown() -> None:
    assert not changed(NONE, [_answer(a=1.0), Answer((), known=False)]).known


@given(kept=_amounts, added=st.lists(_amounts, max_size=2), count=st.integers(1, 9))
def test_the_largest_are_those_of_all(
    kept: dict[str, float], added: list[dict[str, float]], count: int
) -> None:
    sums = changed(NONE, [_answer(**kept)])
    answers = [_answer(**amounts) for amounts in added]

    whole = changed(sums, answers).amounts
    ranking = sorted(whole.items(), key=lambda item: (-item[1], item[0]))

    assert [(row.key, row.total) for row in largest(count, sums, answers).rows] == ranking[:count]


def test_neither_the_agents_view_nor_use_without_an_id_is_a_session() -> None:
    question = Question(Metric.SESSIONS, Span(0, 1), (Label.START_TYPE, Label.SESSION))

    assert session_ids(question, [("fresh", "a"), ("agents_view", "b"), ("", "")]) == {"a"}
