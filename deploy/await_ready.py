"""await_ready.py PORT...: waits until the server processes that listen there, on this machine, say that they are ready.

`--once --path /healthz` asks once, for the health checks of containers. Ends with 1 and a sentence otherwise. Only the
standard library: it runs every ten seconds.
"""

import argparse
import sys
import time
import urllib.error
import urllib.request


def answer_of(port: int, path: str) -> str:
    """`200`, another status, or why there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=4) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        return str(error.code)
    except OSError as error:
        return str(error)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ports", nargs="+", type=int, metavar="PORT")
    parser.add_argument("--path", default="/readyz")
    parser.add_argument("--seconds", type=float, default=60, help="how long to wait, for each (default: 60)")
    parser.add_argument("--once", action="store_true", help="do not wait")
    given = parser.parse_args()
    for port in given.ports:
        deadline = time.monotonic() + (0 if given.once else given.seconds)
        while (answer := answer_of(port, given.path)) != "200":
            if time.monotonic() >= deadline:
                sys.exit(f"127.0.0.1:{port}{given.path}: {answer}")
            time.sleep(0.1)


if __name__ == "__main__":
    main()
