"""Images as StatusNotifierItem wants them."""

from typing import Annotated

from dbus_fast.annotations import DBusSignature
from PIL import Image

Pixmap = list[int | bytes]
"""Width, height, and the pixels as ARGB32 in network byte order, alpha not multiplied in: ``(iiay)``."""

DBusPixmaps = Annotated[list[Pixmap], DBusSignature("a(iiay)")]


def pixmap(image: Image.Image) -> Pixmap:
    """Turn an image into the form of the specification.

    Args:
        image: Any image; its size is kept.

    Returns:
        The pixmap.
    """
    red, green, blue, alpha = image.convert("RGBA").split()
    # Four bands in the order of the bytes wanted; the mode's name does not matter.
    return [image.width, image.height, Image.merge("RGBA", (alpha, red, green, blue)).tobytes()]
