"""The first process of the node's namespaces: it reaps orphans and otherwise only exists.

When it dies, the kernel ends every process of its pid namespace, and with the last of them go
the mounts, the network interfaces and the iptables rules of the node.
"""

from __future__ import annotations

import signal

if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps children whose signal is ignored
    while True:
        signal.pause()
