"""nginx in front of several processes of Coscribe, as in deploy/: one worker, sockets spread evenly."""

import shutil

from deploy.parts import find_program, free_port, listens
from tests.servers import Server

from .pinning import SERVER_CORE, pinned

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream coscribe {{ {servers} }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://coscribe;
            proxy_http_version 1.1;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
            proxy_set_header Host $http_host;
            proxy_buffering off;
            proxy_read_timeout 120s;
        }}
    }}
}}
"""


class Nginx(Server):
    """A private nginx on the servers' core. Raises `NotInstalled`, `NotStarted`."""

    def __init__(self, ports: list[int]) -> None:
        self.program = find_program("nginx", package="nginx-light")
        super().__init__("nginx")
        self.port = free_port()
        servers = " ".join(f"server 127.0.0.1:{port};" for port in ports)
        self.config = self.folder / "nginx.conf"
        self.config.write_text(CONFIGURATION.format(folder=self.folder, servers=servers, port=self.port))
        self.folder.chmod(0o755)
        self.start()

    def begin(self) -> None:
        self._spawn(pinned([self.program, "-p", str(self.folder), "-c", str(self.config)], SERVER_CORE))

    def answers(self) -> bool:
        return listens(self.port)

    @staticmethod
    def installed() -> bool:
        """Whether this machine has one."""
        return shutil.which("nginx") is not None
