"""Python loads this first in every process of the app under test: it writes down who is spoken to beyond this machine.

Names that are looked up, connections and datagrams; to connect a datagram socket sends nothing and is no matter.
"""

import ipaddress
import os
import socket
import sys

LOOKED_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")


def is_here(host):
    if host in (None, "", b"", "localhost", b"localhost", socket.gethostname()):
        return True
    try:
        address = ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified


def watch(event, arguments):
    hosts = []
    if event in LOOKED_UP:
        hosts = [arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        connection, address = arguments[:2]
        is_silent = event == "socket.connect" and connection.type == socket.SOCK_DGRAM
        hosts = [] if is_silent or not isinstance(address, tuple) else [address[0]]  # not a socket with a path
    for host in hosts:
        if not is_here(host):
            with open(os.environ["SPOKEN_TO"], "a") as file:
                file.write(f"{event} {host!r} by {sys.argv}\n")


sys.addaudithook(watch)
