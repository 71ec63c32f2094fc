"""A receiver that speaks TLS and wants to know who is there, with certificates made for the test."""

import asyncio
import base64
import ipaddress
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.faults.receiver import Receiver, Session

Key = ec.EllipticCurvePrivateKey
HERE = ("localhost", "127.0.0.1", "::1")


class Authority:
    """Signs certificates; `file` is its own, to be trusted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("Test authority")
        self.file = str(folder / "authority.pem")
        own = _sign(self._name, self._name, self._key, self._key, names=(), is_authority=True)
        Path(self.file).write_bytes(own.public_bytes(Encoding.PEM))

    def context(self, *names: str, ended: bool = False, self_signed: bool = False) -> ssl.SSLContext:
        """Make a server's context with a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name(names[0])
        issuer, signer = (subject, key) if self_signed else (self._name, self._key)
        found = _sign(subject, issuer, key, signer, names=names, ended=ended)
        path = self._folder / f"{found.serial_number}.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(private + found.public_bytes(Encoding.PEM))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(path)
        return made


@dataclass
class SecureReceiver(Receiver):
    """Offers STARTTLS where it has a context, and a login where it has any."""

    context: ssl.SSLContext | None = None
    logins: Mapping[str, str] = field(default_factory=dict)
    ways: Sequence[str] = ("PLAIN", "LOGIN")
    #: Offers the login in the clear, too.
    careless: bool = False
    #: Offered before TLS instead of `features`.
    early_features: Sequence[str] | None = None
    #: Answers the STARTTLS with yes and then talks no TLS at all.
    breaks_tls: bool = False
    #: Said in the same breath as the yes to STARTTLS, as somebody on the way would.
    injects: str = ""
    #: What a wrong login is told; {password} is told back.
    refusal: str = "535 5.7.8 bad credentials"
    #: Connections on which TLS came about.
    secured: set[int] = field(default_factory=set)
    #: Each login that was tried: connection, user, password.
    tried: list[tuple[int, str, str]] = field(default_factory=list)

    def session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> "SecureSession":
        """Make the one that talks on a connection."""
        return SecureSession(self, reader, writer, number)


class SecureSession(Session):
    receiver: SecureReceiver

    def __init__(
        self, receiver: SecureReceiver, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        super().__init__(receiver, reader, writer, number)
        self.receiver = receiver
        self.is_known = not receiver.logins
        if receiver.implicit_tls:
            receiver.secured.add(number)

    @property
    def is_secure(self) -> bool:
        return self.number in self.receiver.secured

    def features(self) -> Sequence[str]:
        receiver = self.receiver
        found = list(receiver.features)
        if not self.is_secure and receiver.early_features is not None:
            found = list(receiver.early_features)
        if receiver.context and not self.is_secure:
            found.append("STARTTLS")
        if receiver.logins and (self.is_secure or receiver.careless):
            found.append("AUTH " + " ".join(receiver.ways))
        return found

    async def _command(self, verb: str, line: str) -> bool:
        if verb == "STAR" and self.receiver.context:
            return await self._start_tls(self.receiver.context)
        if verb == "AUTH":
            return await self._auth(line)
        if verb == "MAIL" and not self.is_known:
            return await self._say("530 5.7.0 who are you?")
        return await super()._command(verb, line)

    async def _start_tls(self, context: ssl.SSLContext) -> bool:
        answer = self.receiver.take_answer("starttls", "220 2.0.0 go on")
        if self.receiver.injects:
            answer += "\r\n" + self.receiver.injects
        if not await self._say(answer) or not answer.startswith("220"):
            return not answer.startswith("421")
        if self.receiver.breaks_tls:
            await self.reader.read(1)
            return await self._say("HTTP/1.0 400 what?") and False
        await self.writer.start_tls(context)
        self.receiver.secured.add(self.number)
        return True

    async def _auth(self, line: str) -> bool:
        way, *rest = line.split()[1:]
        if way == "PLAIN" and rest:
            _, user, password = base64.b64decode(rest[0]).decode().split("\0")
        elif way == "LOGIN":
            user, password = [await self._ask(question) for question in ("VXNlcm5hbWU6", "UGFzc3dvcmQ6")]
        else:
            return await self._say("504 5.5.4 no such way")
        self.receiver.tried.append((self.number, user, password))
        self.is_known = self.receiver.logins.get(user) == password
        return await self._say("235 2.7.0 hello" if self.is_known else self.receiver.refusal.format(password=password))

    async def _ask(self, question: str) -> str:
        await self._say(f"334 {question}")
        return base64.b64decode(await self.reader.readline()).decode()


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _sign(
    subject: x509.Name,
    issuer: x509.Name,
    key: Key,
    signer: Key,
    *,
    names: Sequence[str],
    is_authority: bool = False,
    ended: bool = False,
) -> x509.Certificate:
    today = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=30))
        .not_valid_after(today + timedelta(days=-1 if ended else 30))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), False)
    return builder.sign(signer, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
