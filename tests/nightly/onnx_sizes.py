"""What sizes the sample inputs of a model have where its exporter left them open."""


def fields(data):
    """The fields of a protobuf message: (number, value), bytes or int."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            yield number, varint()
        elif kind == 2:
            length = varint()
            yield number, data[at:at + length]
            at += length
        else:
            width = {1: 8, 5: 4}[kind]
            yield number, data[at:at + width]
            at += width


def all_of(data, number):
    return [value for n, value in fields(data) if n == number]


def tensor(path):
    """The name and the shape of a TensorProto."""
    name, shape = "", []
    for number, value in fields(path.read_bytes()):
        if number == 8:
            name = value.decode()
        elif number == 1:
            shape.append(value)
    return name, shape


def inputs(graph):
    """Name and dimensions (a size, a name, or None) of what the graph takes."""
    backed = {name.decode() for t in all_of(graph, 5) for name in all_of(t, 8)}
    for info in all_of(graph, 11):
        name = all_of(info, 1)[0].decode()
        if name in backed:
            continue
        dims = []
        for kind in all_of(info, 2):
            for shape in (s for t in all_of(kind, 1) for s in all_of(t, 2)):
                for dim in all_of(shape, 1):
                    value = dict(fields(dim))
                    dims.append(value[1] if value.get(1, 0) > 0 else value.get(2, b"").decode())
        yield name, dims


def of_sample(model):
    """(name, size) of open dimensions, as --dim takes them; not of batches, the first axes."""
    graphs = all_of(model.read_bytes(), 7)
    files = sorted(model.parent.glob("test_data_set_0/input_*.pb"),
                   key=lambda path: int(path.stem[6:]))
    tensors = [tensor(path) for path in files]
    by_name = {name: shape for name, shape in tensors if name}
    found, batches = {}, set()
    for k, (name, dims) in enumerate(inputs(graphs[0])):
        shape = by_name.get(name, tensors[k][1] if k < len(tensors) else [])
        for axis, (dim, size) in enumerate(zip(dims, shape)):
            if axis == 0:
                batches.add(dim)
            elif isinstance(dim, str) and size > 0:
                found.setdefault(dim or f"{name}#{axis}", size)
    return sorted((name, size) for name, size in found.items() if name not in batches)
