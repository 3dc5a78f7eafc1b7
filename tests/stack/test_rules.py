"""The recording rules against known truth, evaluated by promtool hour after hour."""

import json
import random
import subprocess
from pathlib import Path

import pytest

from ccmon_tray.usage.metrics import Label, Metric
from tests.support.truth import recorders
from tests.support.truth.known import Truth
from tests.support.truth.recorders import Recording
from tests.support.truth.spellings import SUFFIXES
from tests.support.truth.use import HOUR, MINUTE, Author, Process, User

pytestmark = pytest.mark.needs("promtool")

STACK = Path(__file__).parents[2] / "stack"
HOURS = 30
# promtool writes its input series on a grid.
GRID_S = 60.0
# promtool evaluates at whole hours. Then the newest hour is not yet 90 s over, and it is the one before.
BEHIND = 1
# Generated costs have eight decimals, so that in these units every sum is whole.
UNITS = 100_000_000

PERSON = ("user_email", "user_account_uuid", "user_id")
RULES = {
    "claude_code:cost_usd:increase1h": (Metric.COST, (*PERSON, "model")),
    "claude_code:tokens:increase1h": (Metric.TOKENS, (*PERSON, "model", "type")),
    "claude_code:active_time_seconds:increase1h": (Metric.ACTIVE_TIME, (*PERSON, "type")),
}
# Truth is told under the keys of reports.
STORED_TYPES = {"cache_read": "cacheRead", "cache_creation": "cacheCreation"}
LABELS = {
    "user_email": Label.USER_EMAIL,
    "user_account_uuid": Label.USER_ACCOUNT,
    "user_id": Label.USER_ID,
    "model": Label.MODEL,
    "type": Label.TYPE,
}


def on_grid(author: Author, start_minute: int, minutes: int, **more: str | User) -> Process:
    return author.process(start_minute * MINUTE, minutes * MINUTE, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Sessions across hours, one a night apart, one resumed in the next hour and one within the hour."""
    author = Author(random.Random("rules"), (User.subscriber("ada"), User.with_api_key("ci")))
    rng = author.rng
    processes = [on_grid(author, rng.randrange(5, 60 * (HOURS - 1)), rng.randrange(3, 70)) for _ in range(25)]
    asleep, woken = 150 * MINUTE, 19 * HOUR + 2 * MINUTE
    night = author.process(
        125 * MINUTE,
        woken + 5 * MINUTE - 125 * MINUTE,
        awake=[(125 * MINUTE, asleep), (woken, woken + 5 * MINUTE)],
    )
    later = on_grid(author, 310, 12)
    resumed = on_grid(author, 400, 9, session_id=later.session_id, user=later.user, start_type="resume")
    # Long before, short after: below its peak at the end of the hour.
    twice = author.process(605 * MINUTE, 20 * MINUTE, scale=5.0, models=("a", "b"))
    again = author.process(
        630 * MINUTE,
        3 * MINUTE,
        session_id=twice.session_id,
        user=twice.user,
        start_type="resume",
        scale=0.1,
        models=("a", "b"),
    )
    return recorders.cumulative([*processes, night, later, resumed, twice, again])


def series(recording: Recording) -> list[dict[str, str]]:
    """What promtool is given: values on the grid, `_` where there is none."""
    found = []
    for key, points in recording.series.items():
        if key.metric not in {metric for metric, _ in RULES.values()}:
            continue
        by_slot = {round(at / GRID_S): value for at, value in points}
        # After a night's sleep, exports are a second beside the grid; none is at an hour's edge.
        assert all(abs(at - GRID_S * round(at / GRID_S)) <= 1 for at, _ in points)
        values = [repr(by_slot[slot]) if slot in by_slot else "_" for slot in range(max(by_slot) + 1)]
        inside = ",".join(f"{name}={json.dumps(value)}" for name, value in key.labels)
        found.append({"series": f"{SUFFIXES.names[key.metric]}{{{inside}}}", "values": " ".join(values)})
    return found


def expected(truth: Truth, rule: str, hour: int) -> list[dict[str, object]]:
    metric, names = RULES[rule]
    window = ((hour - BEHIND - 1) * 3600, (hour - BEHIND) * 3600)
    sums = truth.by(metric, *window, tuple(LABELS[name] for name in names))
    samples: list[dict[str, object]] = []
    for values, total in sums.items():
        if total:
            stored = [STORED_TYPES.get(value, value) for value in values]
            labels = ",".join(f'{name}="{value}"' for name, value in zip(names, stored, strict=True) if value)
            samples.append({"labels": f"{{{labels}}}", "value": round(total * UNITS)})
    return samples


def run_promtool(folder: Path, tests: list[dict[str, object]], inputs: list[dict[str, str]]) -> str:
    """What promtool says of the rules; "" if all is as expected."""
    file = folder / "test.json"  # JSON is YAML too
    content = {
        "rule_files": [str(STACK / "rules.yml")],
        "evaluation_interval": "1h",
        "tests": [{"interval": "1m", "input_series": inputs, "promql_expr_test": tests}],
    }
    file.write_text(json.dumps(content))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.mark.parametrize("rule", list(RULES))
def test_every_hour_of_every_user_and_model_is_exact(recording: Recording, tmp_path: Path, rule: str) -> None:
    truth = Truth(recording)
    tests: list[dict[str, object]] = [
        {
            # Where nothing was used it may be 0; sums of floats differ in their last digits.
            "expr": f"round({rule} * {UNITS}) > 0",
            "eval_time": f"{hour}h",
            "exp_samples": expected(truth, rule, hour),
        }
        for hour in range(1, HOURS + 1)
    ]
    assert sum(len(expected(truth, rule, hour)) for hour in range(1, HOURS + 1)) > 50

    assert run_promtool(tmp_path, tests, series(recording)) == ""


def test_a_wrong_hour_would_be_told(recording: Recording, tmp_path: Path) -> None:
    truth = Truth(recording)
    rule = "claude_code:cost_usd:increase1h"
    wrong = [{**sample, "value": int(str(sample["value"])) + 1} for sample in expected(truth, rule, 6)]
    test: dict[str, object] = {"expr": f"round({rule} * {UNITS})", "eval_time": "6h", "exp_samples": wrong}
    told = run_promtool(tmp_path, [test], series(recording))
    assert "FAILED" in told


def test_hours_and_restarts_are_counted(recording: Recording, tmp_path: Path) -> None:
    tests: list[dict[str, object]] = [
        {
            "expr": f"count_over_time(claude_code:rules:evaluated1h[{HOURS}h])",
            "eval_time": f"{HOURS}h",
            "exp_samples": [{"labels": "{}", "value": HOURS + 1}],  # at both ends of the range
        },
        {
            "expr": "claude_code:restarts:count1h > bool 0",
            "eval_time": f"{11 + BEHIND}h",  # the session that was resumed within the hour
            "exp_samples": [{"labels": "{}", "value": 1}],
        },
        {
            "expr": "claude_code:restarts:count1h > bool 0",
            "eval_time": f"{3 + BEHIND}h",
            "exp_samples": [{"labels": "{}", "value": 0}],
        },
    ]
    # The sums' own 0, of which there is one an hour.
    tests += [
        {
            "expr": f'count_over_time({rule}{{user_id="",user_email="",model="",type=""}}[{HOURS}h])',
            "eval_time": f"{HOURS}h",
            "exp_samples": [{"labels": "{}", "value": HOURS + 1}],
        }
        for rule in RULES
    ]
    assert run_promtool(tmp_path, tests, series(recording)) == ""


@pytest.mark.parametrize(("what", "file"), [("config", "prometheus.yml"), ("rules", "rules.yml")])
def test_promtool_finds_nothing_wrong(what: str, file: str) -> None:
    command = ["promtool", "check", what, str(STACK / file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "rules found" in done.stdout
