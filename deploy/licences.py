"""Prints the licence of every installed package that the app needs, directly or through others: `make licences`."""

from __future__ import annotations

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


def needed() -> dict[str, Distribution]:
    """Returns what requirements.txt names and all that this needs in turn, by name."""
    found: dict[str, Distribution] = {}
    waiting = [line for line in REQUIREMENTS.read_text("utf-8").splitlines() if not line.startswith("#")]
    while waiting:
        requirement = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = distribution(requirement.name)
        except PackageNotFoundError:
            continue
        waiting += found[name].requires or []
    return dict(sorted(found.items()))


def licence(package: Distribution) -> str:
    """Returns what a package says of its licence: an SPDX expression, classifiers, or the first line of a text."""
    said = package.metadata
    classifiers = [each.split(" :: ")[-1] for each in said.get_all("Classifier", []) if each.startswith("License ::")]
    if expression := said.get("License-Expression"):
        return expression
    return ", ".join(classifiers) or (said.get("License") or "it does not say").strip().splitlines()[0]


def main() -> None:
    """Prints a line for each."""
    for name, package in needed().items():
        print(f"{name} {package.version}: {licence(package)}")


if __name__ == "__main__":
    main()
