"""The project's settings with the least changed for tests: cheap passwords, a scratch database, quiet logs."""

import os
import tempfile
from pathlib import Path

os.environ.setdefault("SECRET_KEY", "only for tests")
os.environ.setdefault("LOG_LEVEL", "WARNING")
for name in ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "HTTPS", "DEBUG", "ALLOWED_HOSTS"):
    os.environ.pop(name, None)  # the machine's own set-up is not what is tested

from project.settings import *  # noqa: F403, E402
from project.settings import DATABASES, LOGGING  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

# A file and not memory: the async ORM and the journal write from threads of their own, each with its own connection.
SCRATCH = Path(tempfile.mkdtemp(prefix="coscribe-tests-"))
DATABASES["default"]["NAME"] = SCRATCH / "db.sqlite3"
DATABASES["default"]["TEST"] = {"NAME": SCRATCH / "test.sqlite3"}

LOGGING["root"]["handlers"] = []  # pytest shows what a failed test logged
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# A build of the frontend's shape: these tests are about pages, not about Vite.
FRONTEND = SCRATCH / "dist"
(FRONTEND / ".vite").mkdir(parents=True)
(FRONTEND / "sw.js").write_text("// worker\n")
(FRONTEND / ".vite" / "manifest.json").write_text(
    """{
    "_shared.js": {"file": "assets/shared-BBBBBBBB.js", "css": ["assets/shared-CCCCCCCC.css"]},
    "src/main.ts": {"file": "assets/main-AAAAAAAA.js", "isEntry": true, "imports": ["_shared.js"],
                    "dynamicImports": ["src/find.ts", "src/typeset.ts", "src/strings/de.ts"],
                    "css": ["assets/main-DDDDDDDD.css"], "assets": [
                      "assets/text-latin-wght-normal-HHHHHHHH.woff2", "assets/text-greek-wght-normal-IIIIIIII.woff2"]},
    "src/home.ts": {"file": "assets/home-EEEEEEEE.js", "isEntry": true, "imports": ["_shared.js"]},
    "src/pages.ts": {"file": "assets/pages-FFFFFFFF.js", "isEntry": true, "imports": ["_shared.js"]},
    "_near.js": {"file": "assets/near-JJJJJJJJ.js"},
    "src/find.ts": {"file": "assets/find-KKKKKKKK.js", "isDynamicEntry": true, "imports": ["_shared.js", "_near.js"],
                    "css": ["assets/find-LLLLLLLL.css"]},
    "src/typeset.ts": {"file": "assets/typeset-MMMMMMMM.js", "isDynamicEntry": true},
    "src/strings/de.ts": {"file": "assets/de-GGGGGGGG.js", "isDynamicEntry": true}
}"""
)
STATICFILES_DIRS = []
STATIC_ROOT = SCRATCH / "static"
