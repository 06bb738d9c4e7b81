"""A child process that says more than a pipe holds before it looks whether anybody is there."""

from parley_gateway.providers.embedded.child import Pipe
from parley_gateway.providers.embedded.frames import Frame, Kind

pipe = Pipe()
pipe.send(Frame(Kind.READY))
for _ in range(100):
    pipe.send(Frame(Kind.DATA, 1, bytes(20_000)))
pipe.receive()
