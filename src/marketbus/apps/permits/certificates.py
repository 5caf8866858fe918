"""An authority of our own, and the servers' certificate: for those whose firm gives them none."""

from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from marketbus.apps.permits import files
from marketbus.domain.errors import ConfigError

AUTHORITY = timedelta(days=3650)
SERVER = timedelta(days=397)
"""What clients commonly accept at most."""
EARLY = timedelta(days=30)
"""A certificate that has less left is replaced."""
_SKEW = timedelta(hours=1)


def ensure(folder: Path, hosts: list[str], now: datetime) -> bool:
    """Make `ca.pem`, `ca.key`, `server.pem` and `server.key` where they are missing, of other hosts, or nearly over.

    Gives whether the server has a new certificate. The authority stays as long as it lasts, for clients know it.

    Raises:
        ConfigError: what is there cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority, key = _authority(folder, now)
    names = _names(hosts)
    if (folder / "server.key").exists() and _serves(folder / "server.pem", authority, names, now):
        return False
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "marketbus nats-server")])
    certificate = (
        _builder(subject, authority.subject, own.public_key(), now, min(now + SERVER, authority.not_valid_after_utc))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _keep(folder / "server", certificate, own)
    return True


def _authority(folder: Path, now: datetime) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    if (folder / "ca.pem").exists() or (folder / "ca.key").exists():
        try:
            certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
            key = serialization.load_pem_private_key((folder / "ca.key").read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise ConfigError(
                str(folder),
                f"the authority cannot be read: {error}",
                "restore ca.pem and ca.key, or leave [tls] out if the certificates come from elsewhere",
            ) from None
        if isinstance(key, ec.EllipticCurvePrivateKey) and key.public_key() == certificate.public_key():
            return certificate, key
        raise ConfigError(
            str(folder), "ca.key is not the key of ca.pem", "leave [tls] out to use your own certificates"
        )
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "marketbus authority")])
    certificate = (
        _builder(name, name, key.public_key(), now, now + AUTHORITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _keep(folder / "ca", certificate, key)
    return certificate, key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(until)
    )


def _serves(file: Path, authority: x509.Certificate, names: list[x509.GeneralName], now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        certificate.verify_directly_issued_by(authority)
        has = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, x509.ExtensionNotFound, InvalidSignature):
        return False
    return list(has) == names and certificate.not_valid_after_utc - now > EARLY


def _names(hosts: list[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ip_address(host)))
        except ValueError:
            try:
                names.append(x509.DNSName(host))
            except ValueError:
                raise ConfigError("tls.hosts", f"{host!r} is neither a name nor an address") from None
    return names


def _keep(stem: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    files.write(stem.with_suffix(".key"), secret)
    files.write(stem.with_suffix(".pem"), certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)
