"""The server's TLS: its certificate and key, whose clients are let in, and new files while it runs."""

import ssl
import threading
from pathlib import Path

import grpc

from photochrom_serving import events
from photochrom_serving.errors import SettingsError
from photochrom_serving.settings import Settings

_Signature = tuple[tuple[int, ...], ...]


def credentials(settings: Settings) -> grpc.ServerCredentials | None:
    """What gRPC takes for TLS; None without a certificate and a key.

    Before each handshake the files are looked at. When they have changed, what they hold now is used; if
    that does not do, what they held before.

    :raises SettingsError: naming the file that cannot be read or is not what it should be.
    """
    certificate, key = settings.tls_certificate, settings.tls_key
    if not (certificate and key):
        return None
    files = _Files(certificate, key, settings.tls_client_ca)
    credentials: grpc.ServerCredentials = grpc.dynamic_ssl_server_credentials(
        files.read(),
        files.read_if_changed,  # type: ignore[arg-type] # None is allowed, and means no change
        require_client_authentication=settings.tls_client_ca is not None,
    )
    return credentials


class _Files:
    def __init__(self, certificate: Path, key: Path, client_ca: Path | None) -> None:
        self._certificate = certificate
        self._key = key
        self._client_ca = client_ca
        self._seen = self._signature()
        self._lock = threading.Lock()  # handshakes come in gRPC's threads

    def read(self) -> grpc.ServerCertificateConfiguration:
        """What the files hold.

        :raises SettingsError: naming the one that does not do.
        """
        certificate, key, authorities = self._certificate, self._key, self._client_ca
        try:
            pair = (key.read_bytes(), certificate.read_bytes())
            trusted = authorities.read_bytes() if authorities else None
        except OSError as error:
            raise SettingsError(f"{error.filename}: the TLS file cannot be read: {error.strerror}") from error
        # gRPC takes anything, and then does not listen and does not say why.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for file in (certificate, authorities):
            try:
                if file:
                    context.load_verify_locations(file)
            except ssl.SSLError as error:
                raise SettingsError(f"{file}: no certificate in PEM form: {_reason(error)}") from error
        try:
            context.load_cert_chain(
                certificate, key, password=""
            )  # or OpenSSL would ask the terminal for one
        except ssl.SSLError as error:
            raise SettingsError(
                f"{key}: not the private key of {certificate}, in PEM form and without a passphrase: "
                f"{_reason(error)}"
            ) from error
        return grpc.ssl_server_certificate_configuration([pair], trusted)

    def read_if_changed(self) -> grpc.ServerCertificateConfiguration | None:
        """What the files hold, if they have changed and it does; otherwise None, and all stays as it is."""
        with self._lock:
            signature = self._signature()
            if signature == self._seen:
                return None
            self._seen = signature
            try:
                configuration = self.read()
            except SettingsError as error:
                events.error(
                    "certificate_refused", problem=str(error), advice="what was there before serves on"
                )
                return None
            events.info("certificate_read", certificate=str(self._certificate))
            return configuration

    def _signature(self) -> _Signature:
        files = (self._certificate, self._key, self._client_ca)
        return tuple(_signature(file) for file in files if file)


def _signature(file: Path) -> tuple[int, ...]:
    try:
        status = file.stat()
    except OSError:
        return ()
    return status.st_ino, status.st_size, status.st_mtime_ns


def _reason(error: ssl.SSLError) -> str:
    return (error.reason or str(error)).replace("_", " ").lower()
