"""What an export may meet. Each says with which HTTP status a listener answers it.

```
ExportRefused           the export itself is no good: sending it again will not help
├── ExportInvalid       400: not the protobuf or JSON of an OTLP export
└── ContentTypeRefused  415: neither protobuf nor JSON
StoreUnavailable        503: it cannot be kept now, and may be sent again
```
"""

from typing import ClassVar, Final

from ccmon_tray.errors import CcmonError

RETRY_AFTER_S: Final = 5


class ExportRefused(CcmonError):
    """The export itself is no good."""

    code = "export-refused"
    status: ClassVar[int] = 400


class ExportInvalid(ExportRefused):
    """The body is not the protobuf or JSON of an export."""

    code = "export-invalid"


class ContentTypeRefused(ExportRefused):
    """The body is neither protobuf nor JSON."""

    code = "content-type"
    status = 415


class StoreUnavailable(CcmonError):
    """The export cannot be kept now: nothing of it was.

    Args:
        title: What happened.
        cause: Why.
        next_step: What to do.
        retry_after_s: In so many seconds it may be sent again.
    """

    code = "store-unavailable"
    status: ClassVar[int] = 503

    def __init__(
        self, title: str, *, cause: str = "", next_step: str = "", retry_after_s: int = RETRY_AFTER_S
    ) -> None:
        super().__init__(title, cause=cause, next_step=next_step)
        self.retry_after_s = retry_after_s
