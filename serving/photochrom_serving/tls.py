"""The server's TLS certificate and key."""

import ssl

import grpc

from photochrom_serving.errors import SettingsError
from photochrom_serving.settings import Settings


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """What gRPC takes for TLS; None without a certificate and a key.

    :raises SettingsError: naming the file that cannot be read or is not what it should be.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if not (certificate and key):
        return None
    try:
        pair = (key.read_bytes(), certificate.read_bytes())
    except OSError as error:
        raise SettingsError(f"{error.filename}: the TLS file cannot be read: {error.strerror}") from error
    # gRPC takes anything, and then does not listen and does not say why.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        context.load_verify_locations(certificate)
    except ssl.SSLError as error:
        raise SettingsError(f"{certificate}: no certificate in PEM form: {_reason(error)}") from error
    try:
        context.load_cert_chain(certificate, key, password="")  # or OpenSSL would ask the terminal for one
    except ssl.SSLError as error:
        raise SettingsError(
            f"{key}: not the private key of {certificate}, in PEM form and without a passphrase: "
            f"{_reason(error)}"
        ) from error
    return grpc.ssl_server_credentials([pair])


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()
