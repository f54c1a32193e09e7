"""`check_port.py HOST PORT`: can a server listen there? One sentence and exit 1 if not."""

import errno
import os
import socket
import sys


def main(host: str, port: str) -> None:
    if not port.isdecimal() or not 0 < int(port) < 65536:
        sys.exit(f"PORT must be a number from 1 to 65535, not {port!r}.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        sys.exit(f"HOST must be an address or name of this machine, not {host!r}.")
    with socket.socket(family, kind, protocol) as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: a port just left is free
        try:
            found.bind(address)
            found.listen()
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                sys.exit(
                    f"Port {port} of {host} is in use: stop what listens there, or say another: make run PORT=8001."
                )
            sys.exit(f"Nothing can listen on {host} port {port}: {error.strerror}.")
    if host not in ("127.0.0.1", "localhost", "::1") and not os.environ.get("ALLOWED_HOSTS"):
        print("Others will be refused until ALLOWED_HOSTS says under which names they reach this machine.")


if __name__ == "__main__":
    main(*sys.argv[1:])
