#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""slow_link.py NAMESPACE NAMESPACE: a link between two network namespaces, on which each packet
comes late and one of 200 gets lost. Says "ready" once both have the device "slow"; runs until it is
ended."""
import ctypes
import fcntl
import heapq
import os
import random
import select
import struct
import sys
import time

DELAY = 0.002  # seconds, to which a quarter is added at most
LOSS = 0.005
TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000


def open_device(namespace):
    with open(f"/run/netns/{namespace}", "rb") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"slow", IFF_TUN | IFF_NO_PI))
    return device


def main():
    ends = [open_device(namespace) for namespace in sys.argv[1:3]]
    print("ready", flush=True)
    rng = random.Random(7)
    waiting = []  # (time, number, end, packet)
    number = 0
    while True:
        now = time.monotonic()
        while waiting and waiting[0][0] <= now:
            _, _, end, packet = heapq.heappop(waiting)
            try:
                os.write(ends[end], packet)
            except OSError:
                pass  # that end has no room, or is not up: lost
        patience = max(0.0, waiting[0][0] - now) if waiting else None
        for end in select.select(ends, [], [], patience)[0]:
            packet = os.read(end, 65536)
            if rng.random() < LOSS:
                continue
            late = DELAY * (1 + rng.random() / 4)
            heapq.heappush(waiting, (time.monotonic() + late, number, 1 - ends.index(end), packet))
            number += 1


main()
