"""The servers as they are run in the field: Redis with a password, TLS and Sentinels; pgbouncer; a standby."""

import shutil
import subprocess
from pathlib import Path

from deploy.parts import find_program, free_port, listens, postgres_program
from tests.servers import Postgres, Redis, Server

PASSWORD = "open sesame"
MASTER = "house"
STANDBY = "standby"
DOWN_MS = 1_000  # how long Sentinels wait before they call a master dead; 30,000 is Redis' own default


class TlsRedis(Redis):
    """A Redis that speaks TLS only, and asks for a password."""

    def __init__(self, folder: Path) -> None:
        self.authority = make_certificate(folder)
        key, certificate = folder / "key.pem", folder / "certificate.pem"
        options = ["--tls-auth-clients", "no", "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
        super().__init__("--requirepass", PASSWORD, *options, "--tls-ca-cert-file", str(self.authority))

    def start(self) -> None:
        self.options = (*self.options, "--port", "0", "--tls-port", str(self.port))
        self.url = (
            f"rediss://:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.port}/0?ssl_ca_certs={self.authority}"
            "&ssl_cert_reqs=required"
        )
        super().start()


def make_certificate(folder: Path) -> Path:
    """A key, and a certificate for 127.0.0.1 that is its own authority; its path."""
    certificate = folder / "certificate.pem"
    command = [
        find_program("openssl", package="openssl"),
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
    ]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(certificate)]
    names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([*command, *files, *names], check=True, capture_output=True)
    return certificate


class Sentinel(Server):
    """Watches a master, alone: its word is enough. It writes into its own configuration."""

    def __init__(self, master: Redis, *, password: str = "") -> None:
        super().__init__("sentinel")
        self.port = free_port()
        self.configuration = self.folder / "sentinel.conf"
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {self.folder}",
            f"sentinel monitor {MASTER} 127.0.0.1 {master.port} 1",
            f"sentinel down-after-milliseconds {MASTER} {DOWN_MS}",
            f"sentinel failover-timeout {MASTER} 3000",
            *([f"requirepass {password}"] if password else []),
        ]
        self.configuration.write_text("\n".join(lines) + "\n")
        self.start()

    def begin(self) -> None:
        self._spawn([find_program("redis-server", package="redis-server"), str(self.configuration), "--sentinel"])

    def answers(self) -> bool:
        return listens(self.port)


class Pgbouncer(Server):
    """Between the application and a PostgreSQL: a transaction at a time, on any of few connections."""

    def __init__(self, postgres: Postgres) -> None:
        super().__init__("pgbouncer")
        self.port = free_port()
        self.user = postgres.user  # it refuses to run as root, too
        self.folder.chmod(0o755)
        users = self.folder / "users.txt"
        users.write_text('"coscribe" ""\n')
        self.configuration = self.folder / "pgbouncer.ini"
        self.configuration.write_text(
            "[databases]\n"
            f"* = host=127.0.0.1 port={postgres.port}\n"
            "[pgbouncer]\n"
            f"listen_addr = 127.0.0.1\nlisten_port = {self.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {users}\npool_mode = transaction\n"
            "default_pool_size = 4\nmax_client_conn = 200\nserver_login_retry = 1\n"
        )
        self.start()

    def begin(self) -> None:
        self._spawn([find_program("pgbouncer", package="pgbouncer"), str(self.configuration)], user=self.user)

    def answers(self) -> bool:
        return listens(self.port)

    def url(self, database: str) -> str:
        return f"postgres://coscribe@127.0.0.1:{self.port}/{database}?DISABLE_SERVER_SIDE_CURSORS=True"


class Standby(Postgres):
    """A copy of a PostgreSQL that follows it and can be read, until it is promoted."""

    def __init__(self, primary: Postgres) -> None:
        Server.__init__(self, "standby")
        self.port = free_port()
        self.user = primary.user
        self.folder.chmod(0o755)
        self.data = self.folder / "data"
        if self.user:
            shutil.chown(self.folder, self.user)
        source = f"host=127.0.0.1 port={primary.port} user=coscribe application_name={STANDBY}"
        copy = [postgres_program("pg_basebackup"), "-d", source, "-D", str(self.data), "-R", "-c", "fast"]
        groups: list[str] | None = [] if self.user else None
        subprocess.run(
            copy, check=True, cwd="/", capture_output=True, user=self.user, group=self.user, extra_groups=groups
        )
        self.start()

    def promote(self) -> None:
        """It is the first from now on."""
        self.psql("SELECT pg_promote()")
