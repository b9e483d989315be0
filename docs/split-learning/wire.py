"""Arrays over a local socket: a length, then a .npz."""
import io
import struct

import numpy as np


def send(connection, **arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    connection.sendall(struct.pack("<Q", buffer.tell()) + buffer.getvalue())


def receive(connection):
    """The next arrays, or None when the other side has closed the connection."""
    head = _exactly(connection, 8)
    if head is None:
        return None
    body = _exactly(connection, struct.unpack("<Q", head)[0])
    return None if body is None else dict(np.load(io.BytesIO(body)))


def _exactly(connection, size):
    parts = b""
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            return None
        parts += part
    return parts
