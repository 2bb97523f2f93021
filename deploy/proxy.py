"""nginx before two web processes, as a process of this machine: what its image has around the template."""

from __future__ import annotations

import os
import shutil
import string
from collections.abc import Mapping
from pathlib import Path

TEMPLATE = Path(__file__).with_name("nginx.conf.template")
# None where it is not installed, or is another nginx: that of Windows reads paths in a way of its own.
NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin") if os.name == "posix" else None
_AROUND = """{user}
worker_processes 1;
pid "{folder}/nginx.pid";
events {{}}
http {{
    client_body_temp_path "{folder}/body"; proxy_temp_path "{folder}/proxy"; fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi"; scgi_temp_path "{folder}/scgi";
    include "{folder}/site.conf";
}}
"""


def nginx_command(folder: Path, template: Path, values: Mapping[str, str]) -> list[str]:
    """Writes nginx's settings into a folder; returns the command that runs it in the foreground.

    Args:
        folder: of nginx alone, for it need not be root here.
        template: of the site.
        values: what stands in it for `${LISTEN}`, `${WEB1}` and `${WEB2}`.
    """
    (folder / "site.conf").write_text(string.Template(template.read_text("utf-8")).safe_substitute(values))
    user = "user root;" if os.geteuid() == 0 else ""  # or its own user could not write into the folder
    (folder / "nginx.conf").write_text(_AROUND.format(user=user, folder=folder))
    return [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr", "-g", "daemon off;"]
