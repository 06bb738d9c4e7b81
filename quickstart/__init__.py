"""`make run` and `make down`: from nothing to a spoken conversation with an agent in a cluster, as a program.

It walks the path that a newcomer would walk by hand (images, Helm, kubectl, a call through the ingress) and
says what it does, how long it took, and, where something fails, what to do.
"""
