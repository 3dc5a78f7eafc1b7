"""The TLS context: built only where a connection needs one, because its certificates take megabytes."""

import ssl

from ccmon_tray.errors import SettingsError
from ccmon_tray.settings import PrometheusSettings


def build_tls_context(settings: PrometheusSettings) -> ssl.SSLContext:
    """A context that trusts the system's authorities, or ``ca_file`` alone, and shows the client certificate.

    ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are honoured by OpenSSL itself.

    Raises:
        SettingsError: A file cannot be read or is no certificate or key.
    """
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"The certificate authority file {settings.ca_file} cannot be used",
            cause=_reason(error),
            next_step="Set prometheus.ca_file to a PEM file with the server's certificate authority",
        ) from error
    if settings.ca_file is None and not _has_authorities(context):
        # Python for macOS from python.org comes without authorities of its own.
        import certifi  # noqa: PLC0415  # rarely needed

        context.load_verify_locations(certifi.where())
    if not settings.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if settings.client_cert is not None:
        try:
            # The empty password keeps OpenSSL from asking for one on the terminal.
            context.load_cert_chain(settings.client_cert, settings.client_key, password="")
        except (OSError, ssl.SSLError) as error:
            raise SettingsError(
                f"The client certificate {settings.client_cert} cannot be used",
                cause=_reason(error),
                next_step="Set prometheus.client_cert and prometheus.client_key to PEM files that belong "
                "together, the key without a passphrase",
            ) from error
    elif settings.client_key is not None:
        raise SettingsError(
            "prometheus.client_key is set without prometheus.client_cert",
            next_step="Set prometheus.client_cert to the certificate of that key",
        )
    return context


def _has_authorities(context: ssl.SSLContext) -> bool:
    # A folder of authorities is read only when one is looked up.
    return bool(context.get_ca_certs() or ssl.get_default_verify_paths().capath)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
