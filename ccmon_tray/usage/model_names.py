"""Names of models as people say them: ``claude-opus-4-8[1m]`` is "Opus 4.8".

The ids come from several providers: Anthropic (``claude-opus-4-5-20251101``), Bedrock
(``us.anthropic.claude-opus-4-6-v1:0``) and Vertex (``claude-haiku-4-5@20251001``), from gateways with a
path in front (``anthropic/claude-…``), and in two orders (``claude-3-5-haiku-…``, ``claude-haiku-4-5``).
"""

import re

_DATE = r"20\d{6}"
# family first: claude-opus-4-8, claude-opus-4-20250514, claude-fable-5-1
_FAMILY_FIRST = re.compile(
    rf"claude-(?P<family>[a-z]+)-(?P<major>\d{{1,2}})(?:[-.](?P<minor>\d{{1,2}}))?(?:-(?:{_DATE}|latest))?$"
)
# version first: claude-3-5-haiku-20241022, claude-3-opus-20240229
_VERSION_FIRST = re.compile(
    rf"claude-(?P<major>\d{{1,2}})(?:[-.](?P<minor>\d{{1,2}}))?-(?P<family>[a-z]+)(?:-(?:{_DATE}|latest))?$"
)
# Bedrock's `-v1:0`, Vertex's `@20251001` or `@default`, a context-window suffix `[1m]`
_DECORATION = re.compile(r"(?:\[[^\]]*\])?(?:-v\d+(?::\d+)*)?(?:@[\w.-]+)?(?:\[[^\]]*\])?$")


def _match(model: str) -> re.Match[str] | None:
    bare = model.strip().lower()
    start = bare.rfind("claude-")
    if start < 0:
        return None
    bare = _DECORATION.sub("", bare[start:], count=1)
    return _FAMILY_FIRST.match(bare) or _VERSION_FIRST.match(bare)


def _version(found: re.Match[str]) -> tuple[str, ...]:
    # `claude-opus-4-0` is another name of Opus 4.
    return (found["major"],) if found["minor"] in {None, "0"} else (found["major"], found["minor"])


def model_key(model: str) -> str:
    """The key of a model in price tables: family and version only, such as ``opus-4-8`` or ``haiku-3-5``.

    Returns:
        The key; a model id of unknown form comes back unchanged.
    """
    found = _match(model)
    if found is None:
        return model
    return "-".join((found["family"], *_version(found)))


def friendly_model_name(model: str) -> str:
    """The name to show for a model id: ``Opus 4.8``; an id of unknown form is shown as it is."""
    found = _match(model)
    if found is None:
        return model
    return f"{found['family'].capitalize()} {'.'.join(_version(found))}"
