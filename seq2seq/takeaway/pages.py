"""Pages of HTML that stand alone: nothing is fetched, and what students typed is text wherever it stands."""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


def page_of(template: str, scripts: Sequence[str] = (), **values: Any) -> bytes:
    """Fills in a template of this folder. The browser is told to run the given scripts and no other.

    Args:
        template: its file; Jinja2 escapes what it puts in.
        scripts: in the order in which the template has them.
        values: of the template.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 only where somebody asks for it

    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in hashes) or "'none'"
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; base-uri 'none'; form-action 'none'"
    return environment.get_template(template).render(policy=policy, scripts=scripts, **values).encode()


def json_in_html(data: Any) -> str:
    """Writes data for a script element, which would end at "</script>", wherever that stands."""
    written = json.dumps(finite(data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return written.replace("<", "\\u003c")


def finite(data: Any) -> Any:
    """Returns data for a browser, whose JSON has no word for the numbers of a training that went astray: None."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {name: finite(value) for name, value in data.items()}
    return [finite(value) for value in data] if isinstance(data, list | tuple) else data
