from hypothesis import given
from hypothesis import strategies as st

from ccmon_tray.sources.claude_files.projects import project_names


def test_a_project_is_called_as_its_folder() -> None:
    assert project_names(["/home/dev/shop", "/home/dev/api/"]) == {
        "/home/dev/shop": "shop",
        "/home/dev/api/": "api",
    }


def test_projects_of_one_name_are_told_apart_by_the_folders_above() -> None:
    assert project_names(["/a/work/shop", "/a/play/shop", "/b/play/shop", "/x/api"]) == {
        "/a/work/shop": "work/shop",
        "/a/play/shop": "a/play/shop",
        "/b/play/shop": "b/play/shop",
        "/x/api": "api",
    }


def test_a_folder_inside_another_of_the_same_name() -> None:
    assert project_names(["/shop", "/a/shop"]) == {"/shop": "shop", "/a/shop": "a/shop"}


def test_paths_of_windows() -> None:
    assert project_names(["C:\\Users\\dev\\shop", "\\\\server\\share\\api", "D:/tools"]) == {
        "C:\\Users\\dev\\shop": "shop",
        "\\\\server\\share\\api": "api",
        "D:/tools": "tools",
    }


def test_the_root_is_a_project_too() -> None:
    assert project_names(["/"]) == {"/": "/"}


paths = st.lists(st.sampled_from(["shop", "api", "a", "b"]), min_size=1, max_size=5)


@given(st.lists(paths.map(lambda parts: "/" + "/".join(parts)), max_size=12, unique=True))
def test_no_two_projects_are_called_the_same(all_paths: list[str]) -> None:
    names = project_names(all_paths)
    assert set(names) == set(all_paths)
    assert len(set(names.values())) == len(all_paths)
    assert all(path.endswith(name) for path, name in names.items())
