import pytest

from ccmon_tray.usage.model_names import friendly_model_name, model_key


@pytest.mark.parametrize(
    ("model", "name", "key"),
    [
        ("claude-opus-4-8", "Opus 4.8", "opus-4-8"),
        ("claude-opus-4-8[1m]", "Opus 4.8", "opus-4-8"),
        ("claude-opus-4-5-20251101", "Opus 4.5", "opus-4-5"),
        ("claude-opus-4-20250514", "Opus 4", "opus-4"),
        ("claude-opus-4-0", "Opus 4", "opus-4"),
        ("claude-opus-5", "Opus 5", "opus-5"),
        ("claude-opus-5-5", "Opus 5.5", "opus-5-5"),
        ("claude-fable-5-1", "Fable 5.1", "fable-5-1"),
        ("claude-sonnet-5-5[1m]", "Sonnet 5.5", "sonnet-5-5"),
        ("claude-sonnet-4-5-20250929", "Sonnet 4.5", "sonnet-4-5"),
        ("claude-haiku-4-5-20251001", "Haiku 4.5", "haiku-4-5"),
        ("claude-3-5-haiku-20241022", "Haiku 3.5", "haiku-3-5"),
        ("claude-3-opus-20240229", "Opus 3", "opus-3"),
        ("claude-3-5-sonnet-latest", "Sonnet 3.5", "sonnet-3-5"),
        # Vertex
        ("claude-haiku-4-5@20251001", "Haiku 4.5", "haiku-4-5"),
        ("claude-3-5-sonnet-v2@20241022", "Sonnet 3.5", "sonnet-3-5"),
        ("claude-opus-4-8@default", "Opus 4.8", "opus-4-8"),
        ("publishers/anthropic/models/claude-opus-4-1@20250805", "Opus 4.1", "opus-4-1"),
        # Bedrock
        ("us.anthropic.claude-opus-4-6-v1:0", "Opus 4.6", "opus-4-6"),
        ("anthropic.claude-3-5-sonnet-20241022-v2:0", "Sonnet 3.5", "sonnet-3-5"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0[1m]", "Sonnet 4.5", "sonnet-4-5"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0",
            "Haiku 4.5",
            "haiku-4-5",
        ),
        # Gateways
        ("anthropic/claude-opus-4.8", "Opus 4.8", "opus-4-8"),
        ("Claude-Opus-4-8", "Opus 4.8", "opus-4-8"),
    ],
)
def test_models_by_the_names_people_use(model: str, name: str, key: str) -> None:
    assert friendly_model_name(model) == name
    assert model_key(model) == key


@pytest.mark.parametrize(
    "model",
    [
        "",
        "<synthetic>",
        "gpt-9",
        "claude-",
        "claude-next",
        "claude-opus-4-8-turbo",
        "my-claude-opus",
        "claude-opus-123",
    ],
)
def test_unknown_models_stay_as_they_are(model: str) -> None:
    assert friendly_model_name(model) == model
    assert model_key(model) == model
