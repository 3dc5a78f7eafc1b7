"""Python's ``winreg`` as it is documented, on a dictionary."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

Keys = dict[str, dict[str, tuple[Any, int]]]
Key = tuple[str, int]

REG_SZ: Final = 1
REG_BINARY: Final = 3


class FakeWinreg:
    """Stands in for the module.

    Args:
        keys: The keys of the current user: values and their kinds by name. Only CreateKeyEx makes new ones.
    """

    HKEY_CURRENT_USER = object()
    KEY_QUERY_VALUE = 0x0001
    KEY_SET_VALUE = 0x0002
    REG_SZ = REG_SZ

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def CreateKeyEx(self, root: object, name: str, reserved: int, access: int) -> Any:  # noqa: N802
        self._keys.setdefault(name, {})
        return self.OpenKey(root, name, reserved, access)

    @contextmanager
    def OpenKey(self, root: object, name: str, _reserved: int, access: int) -> Iterator[Key]:  # noqa: N802
        assert root is self.HKEY_CURRENT_USER
        if name not in self._keys:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        yield name, access

    def QueryValueEx(self, key: Key, name: str) -> tuple[Any, int]:  # noqa: N802
        return self._values(key, self.KEY_QUERY_VALUE, name)[name]

    def SetValueEx(self, key: Key, name: str, _reserved: int, kind: int, value: Any) -> None:  # noqa: N802
        self._values(key, self.KEY_SET_VALUE)[name] = value, kind

    def DeleteValue(self, key: Key, name: str) -> None:  # noqa: N802
        del self._values(key, self.KEY_SET_VALUE, name)[name]

    def _values(self, key: Key, access: int, name: str | None = None) -> dict[str, tuple[Any, int]]:
        if not key[1] & access:
            raise PermissionError(5, "Access is denied")
        values = self._keys[key[0]]
        if name is not None and name not in values:
            raise FileNotFoundError(2, "The system cannot find the file specified")
        return values
