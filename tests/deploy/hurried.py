"""nginx with the same files, but for how long it waits: tests need not wait for it."""

import re
import shutil
from pathlib import Path

from deploy.cluster import Cluster
from deploy.parts import ROOT, Nginx, free_port

PATIENCE = re.compile(r"^(client_\w+_timeout) +\d+s;", re.MULTILINE)


class Hurried(Nginx):
    """A second nginx before a cluster's processes, which gives everybody a second to say what they want."""

    def __init__(self, cluster: Cluster) -> None:
        folder: Path = cluster.folder / "hurried"
        ports = [server.port for server in cluster.servers]
        super().__init__(folder, port=free_port(), ports=ports, static=cluster.nginx.static, media=cluster.media)
        copy = folder / "files"
        shutil.copytree(ROOT / "deploy" / "nginx", copy)
        site = copy / "site.conf"
        text, changed = PATIENCE.subn(r"\1 1s;", site.read_text())
        assert changed == 2
        site.write_text(text)
        (folder / "coscribe").symlink_to(copy)

    def remove(self) -> None:
        shutil.rmtree(self.folder)
