"""The stack's folder: what the application brings, what the person edited, ports in .env."""

import re
from pathlib import Path

import pytest

from ccmon_tray.errors import CcmonError
from ccmon_tray.paths import find_paths
from ccmon_tray.stack import folder as folder_module
from ccmon_tray.stack.folder import FILES, StackFolder, shipped_folder
from ccmon_tray.stack.ports import Ports


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A version of the files that the test may change, as an update would."""
    path = tmp_path / "shipped"
    path.mkdir()
    for name in FILES:
        (path / name).write_bytes((shipped_folder() / name).read_bytes())
    monkeypatch.setattr(folder_module, "shipped_folder", lambda: path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> StackFolder:
    return StackFolder(find_paths({"CCMON_TRAY_HOME": str(tmp_path / "home")}))


def test_files_are_put_in_place_readable_in_a_private_folder(folder: StackFolder, shipped: Path) -> None:
    assert folder.put_in_place() == ()
    assert folder.exists
    for name in FILES:
        assert (folder.path / name).read_bytes() == (shipped / name).read_bytes()
        # Containers read them as users of their own.
        assert (folder.path / name).stat().st_mode & 0o777 == 0o644
    assert folder.path.stat().st_mode & 0o077 == 0
    assert folder.ports == Ports()


def test_files_that_nobody_edited_follow_an_update(folder: StackFolder, shipped: Path) -> None:
    folder.put_in_place()
    (shipped / "rules.yml").write_text("groups: []\n")

    assert folder.put_in_place() == ()
    assert (folder.path / "rules.yml").read_text() == "groups: []\n"


def test_a_file_that_was_edited_stays_and_an_update_is_put_beside_it_once(
    folder: StackFolder, shipped: Path
) -> None:
    folder.put_in_place()
    mine = folder.path / "prometheus.yml"
    mine.write_text("# mine\n")

    assert folder.put_in_place() == ()
    assert mine.read_text() == "# mine\n"
    assert not (folder.path / "prometheus.yml.new").exists()

    (shipped / "prometheus.yml").write_text("# an update\n")
    (note,) = folder.put_in_place()

    assert str(mine) in note
    assert "prometheus.yml.new" in note
    assert mine.read_text() == "# mine\n"
    assert (folder.path / "prometheus.yml.new").read_text() == "# an update\n"
    assert folder.put_in_place() == ()


def test_a_file_that_was_there_before_is_the_persons(folder: StackFolder) -> None:
    folder.path.mkdir(parents=True)
    (folder.path / "compose.yaml").write_text("# from elsewhere\n")

    (note,) = folder.put_in_place()

    assert "compose.yaml" in note
    assert (folder.path / "compose.yaml").read_text() == "# from elsewhere\n"


def test_ports_are_changed_in_their_lines_and_nothing_else_is(folder: StackFolder) -> None:
    folder.path.mkdir(parents=True)
    before = "# mine\nexport_me=1\nCCMON_PROMETHEUS_PORT = '9999'\nOTHER=x\n\nCCMON_PROMETHEUS_PORT=9998\n"
    folder.env_file.write_text(before)
    assert folder.ports.prometheus == 9998

    backup = folder.set_ports(Ports(prometheus=19090))

    assert backup is not None
    assert backup.read_text() == before
    lines = folder.env_file.read_text().splitlines()
    assert lines[:5] == ["# mine", "export_me=1", "CCMON_PROMETHEUS_PORT=19090", "OTHER=x", ""]
    assert sorted(lines[5:]) == [
        "CCMON_COLLECTOR_HEALTH_PORT=13133",
        "CCMON_OTLP_GRPC_PORT=4317",
        "CCMON_OTLP_HTTP_PORT=4318",
    ]
    assert folder.ports == Ports(prometheus=19090)
    folder.restore(backup)
    assert folder.env_file.read_text() == before


@pytest.mark.parametrize("record", ["", "[]", '{"engine": "podman"', '{"unknown": 1}'])
def test_a_record_that_cannot_be_read_counts_as_none(folder: StackFolder, record: str) -> None:
    folder.put_in_place()
    (folder.path / "record.json").write_text(record)
    assert folder.record().engine == ""
    assert folder.put_in_place() == ()


def test_a_folder_that_cannot_be_written_is_said(folder: StackFolder) -> None:
    folder.path.parent.mkdir(parents=True)
    folder.path.write_text("a file where the folder should be")
    with pytest.raises(CcmonError, match="cannot be put in place"):
        folder.put_in_place()


def test_each_home_has_a_project_of_its_own_and_the_usual_one_the_plain_name(tmp_path: Path) -> None:
    """One name for two homes would let the second one's start replace the first one's containers."""
    one, other = (find_paths({"CCMON_TRAY_HOME": str(tmp_path / name)}) for name in ("one", "other"))
    (tmp_path / "link").symlink_to(tmp_path / "one")
    same = find_paths({"CCMON_TRAY_HOME": str(tmp_path / "link")})

    assert StackFolder(find_paths({})).project == "ccmon-tray"
    names = [StackFolder(paths).project for paths in (one, other)]
    assert len({"ccmon-tray", *names}) == 3
    assert all(re.fullmatch(r"ccmon-tray-[0-9a-f]{8}", name) for name in names)
    assert StackFolder(same).project == names[0]
