"""Each setting as people write it: ``poll.interval_s``, its variable, what it may hold, text to value.

Read off the models of :mod:`.settings`, so that a new setting needs nothing here.
"""

import json
import re
import shlex
import types
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from ccmon_tray.settings import Section, Settings

PREFIX: Final = "CCMON_TRAY_"
# Headers that let their bearer in; X-Scope-OrgID and the like only name a tenant.
_SECRET_HEADER = re.compile(r"authorization|cookie|token|key|secret|password", re.IGNORECASE)

_KIND_WORDS: Final[dict[Any, str]] = {
    bool: "true or false",
    str: "text",
    SecretStr: "text",
    Path: "a path",
    tuple: 'a list of words such as ["pass", "show", "prometheus"]',
    dict: "a table of names and texts",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One setting.

    Attributes:
        section: Its section's name.
        name: Its name in the section.
        field: How the model declares it.
    """

    section: str
    name: str
    field: FieldInfo

    @property
    def dotted(self) -> str:
        """Its name for people: ``poll.interval_s``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return f"{PREFIX}{self.section}__{self.name}".upper()

    @property
    def default(self) -> object:
        """Its value where nothing sets it."""
        return self.field.get_default(call_default_factory=True)

    @property
    def model(self) -> type[Section]:
        """The model of its section."""
        return section_model(self.section)

    @property
    def kind(self) -> Any:
        """Its type, without the None of an optional setting."""
        kind = self.field.annotation
        if get_origin(kind) in (Union, types.UnionType):
            kind = next(arm for arm in get_args(kind) if arm is not type(None))
        return get_args(kind)[0] if get_origin(kind) is Annotated else kind

    @property
    def secret(self) -> bool:
        """Whether its value must not be shown."""
        return self.kind is SecretStr or SecretStr in get_args(self.kind)

    def parse(self, text: str) -> object:
        """The value that a text means, for the model to check; empty text is the default.

        A list is JSON, or words as a shell splits them; a table is JSON, or ``name=value,name=value``.

        Raises:
            ValueError: It is no such list or table.
        """
        if not text.strip():
            return self.default
        match get_origin(self.kind):
            case origin if origin is tuple and get_args(self.kind)[0] is int:
                return (
                    json.loads(text)
                    if text.lstrip().startswith("[")
                    else re.split(r"[\s,;%]+", text.strip(" ,;%"))
                )
            case origin if origin is tuple:
                return json.loads(text) if text.lstrip().startswith("[") else shlex.split(text)
            case origin if origin is dict:
                if text.lstrip().startswith("{"):
                    return json.loads(text)
                pairs = [pair.partition("=") for pair in text.split(",")]
                if not all(equals and name.strip() for name, equals, _ in pairs):
                    raise ValueError(text)
                return {name.strip(): value.strip() for name, _, value in pairs}
        return text

    def allowed(self) -> str:
        """What it may hold, in words."""
        kind, origin = self.kind, get_origin(self.kind)
        if origin is Literal:
            return "one of " + ", ".join(get_args(kind))
        if isinstance(kind, type) and issubclass(kind, Enum):
            return "one of " + ", ".join(member.value for member in kind)
        if kind in (int, float):
            return ("a whole number" if kind is int else "a number") + self._limits()
        if origin is tuple and get_args(kind)[0] is int:
            return "integers with commas between"
        return _KIND_WORDS[origin or kind]

    def _limits(self) -> str:
        words = ""
        for limit in self.field.metadata:
            match limit:
                case Ge(ge=value):
                    words += f" from {value}"
                case Gt(gt=value):
                    words += f" above {value}"
                case Le(le=value):
                    words += f" up to {value}"
                case Lt(lt=value):
                    words += f" below {value}"
        return words


def section_model(section: str) -> type[Section]:
    """The model of a section that exists."""
    model = Settings.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, Section)
    return model


KEYS: Final[Mapping[str, Key]] = {
    f"{section}.{name}": Key(section, name, field)
    for section in Settings.model_fields
    for name, field in section_model(section).model_fields.items()
}


def secret_parts(key: Key, value: object) -> tuple[str, ...]:
    """What in a setting's value lets its bearer in: "" for the whole, or the names of headers."""
    if key.kind is SecretStr:
        return ("",)
    if key.secret and isinstance(value, Mapping):
        return tuple(name for name in value if _SECRET_HEADER.search(name))
    return ()
