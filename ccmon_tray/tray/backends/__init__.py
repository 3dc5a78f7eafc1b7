"""One backend per platform, behind the protocol of :mod:`.base`."""
