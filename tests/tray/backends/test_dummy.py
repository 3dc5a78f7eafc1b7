import threading

from ccmon_tray.tray.backends.dummy import DummyBackend
from ccmon_tray.tray.model import Action, Command
from tests.support.backends import face, running


def test_it_keeps_the_newest_face_and_is_never_hosted() -> None:
    backend = DummyBackend()
    with running(backend):
        backend.show(face(tooltip="old"))
        backend.show(face(tooltip="new"))
        assert backend.face == face(tooltip="new")
        assert not backend.hosted


def test_what_is_chosen_arrives_in_order() -> None:
    backend = DummyBackend()
    commands = [Command(Action.SET_RANGE, name) for name in ("1h", "7d", "30d")]
    with running(backend) as run:
        for command in commands:
            backend.choose(command)
        assert [run.command() for _ in commands] == commands


def test_stopped_before_it_runs_it_ends_at_once() -> None:
    backend = DummyBackend()
    backend.stop()
    backend.stop()
    ready = threading.Event()
    backend.run(on_command=lambda _: None, on_ready=ready.set)
    assert ready.is_set()
