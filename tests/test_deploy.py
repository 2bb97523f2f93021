"""What helps to open a class. tests/browser/test_machines.py has the machines of compose.yaml."""

import ipaddress
import re
import runpy
from pathlib import Path

import psutil

from deploy.open_class import addresses

ROOT = Path(__file__).parents[1]


def test_students_are_told_addresses_of_this_machine_that_others_can_reach():
    told = addresses()
    assert set(told) <= {each.address for found in psutil.net_if_addrs().values() for each in found}
    assert not any(ipaddress.ip_address(address).is_loopback for address in told)


def test_every_package_that_is_asked_for_has_a_licence():
    licences = runpy.run_path(ROOT / "deploy" / "licences.py")
    asked = re.findall(r"^([a-z][\w-]*)", (ROOT / "requirements.txt").read_text("utf-8"), flags=re.M)
    found = licences["needed"]()
    assert set(asked) <= set(found) and len(found) > len(asked)
    assert "it does not say" not in {licences["licence"](found[name]) for name in asked}
