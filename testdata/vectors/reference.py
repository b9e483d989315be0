#!/usr/bin/env python3
"""A second implementation of keys and permutations, written against docs/format.md alone.

Recomputes every test vector in this folder, and exits with 1 on any difference. Argon2id and
XChaCha20-Poly1305 are not in Python's standard library: of a sealed key the layout is checked.
"""
import hashlib
import json
import pathlib
import re
import struct
import sys

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def bech32(prefix, data):
    def checksum(values):
        state = 1
        for value in values:
            top, state = state >> 25, (state & 0x1FFFFFF) << 5 ^ value
            for i, word in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
                state ^= word if top >> i & 1 else 0
        return state ^ 1

    low = [ord(c) for c in prefix.lower()]
    bits = "".join(f"{byte:08b}" for byte in data)
    bits += "0" * (-len(bits) % 5)
    values = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    code = checksum([c >> 5 for c in low] + [0] + [c & 31 for c in low] + values + [0] * 6)
    values += [code >> shift & 31 for shift in range(25, -1, -5)]
    text = prefix.lower() + "1" + "".join(ALPHABET[value] for value in values)
    return text.upper() if prefix.isupper() else text


def keyed_hash(secret, purpose, salt=b"", item=b"", index=0):
    fields = (b"permcrypt/v1", purpose, salt, item, struct.pack("<Q", index))
    message = b"".join(struct.pack("<Q", len(field)) + field for field in fields)
    return hashlib.blake2b(message, key=secret, digest_size=32).digest()


def chacha20_words(key):
    def quarter(word, a, b, c, d):
        for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            word[x] = word[x] + word[y] & 0xFFFFFFFF
            mixed = word[z] ^ word[x]
            word[z] = (mixed << turn | mixed >> 32 - turn) & 0xFFFFFFFF

    for block in range(2**64):
        start = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<QQ", block, 0))
        word = list(start)
        for _ in range(10):
            for i in range(4):
                quarter(word, i, i + 4, i + 8, i + 12)
            for i in range(4):
                quarter(word, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        yield from (x + y & 0xFFFFFFFF for x, y in zip(word, start))


def below(words, bound):
    while True:
        product = next(words) * bound
        if product % 2**32 >= 2**32 % bound:
            return product >> 32


def permutation(secret, salt, group, size, fibre=0, redraws=0):
    words = chacha20_words(keyed_hash(secret, b"permutation", salt, group, fibre))
    while True:
        order = list(range(size))
        for i in range(size - 1, 0, -1):
            j = below(words, i + 1)
            order[i], order[j] = order[j], order[i]
        if size < 2 or order != sorted(order):
            if redraws == 0:
                return order
            redraws -= 1


class Axis:
    """The order of an axis, given an index of the nearest ':' around it."""

    def __init__(self, order):
        self.order = order

    def __add__(self, other):
        return Axis(lambda k: self.order(k) + [len(self.order(k)) + j for j in other.order(k)])

    def __mul__(self, other):
        return Axis(lambda k: [i * len(other.order(k)) + j
                               for i in self.order(k) for j in other.order(k)])

    def __pow__(self, other):
        return Axis(lambda k: [i * len(other.order(i)) + j
                               for i in self.order(k) for j in other.order(i)])


def axis(text, groups):  # Python's operators bind as those of an axis map do
    assert re.fullmatch(r"[g0-9()*+:]+", text)
    text = re.sub(r"g(\d+)|(\d+)", lambda m: f"G({m[1]})" if m[1] else f"F({m[2]})", text)
    group = lambda i: Axis(lambda k: groups[i][k] if isinstance(groups[i][0], list) else groups[i])
    return eval(text.replace(":", "**"), {"G": group, "F": lambda n: Axis(lambda k: list(range(n)))}
                ).order(0)


def derive(secret, salt, groups, locks):
    def order(group, redraws):  # of a fibred group, one for each fibre
        given = secret, salt, bytes.fromhex(group["id"]), group["size"]
        if "fibres" not in group:
            return permutation(*given, 0, redraws)
        return [permutation(*given, fibre, redraws) for fibre in range(group["fibres"])]

    sizes = [g["size"] for g in groups]
    orders = [order(group, 0) for group in groups]
    redraws, changed = [0] * len(groups), True
    while changed:
        changed = False
        for lock in locks:
            fixed = re.findall(r"g(\d+)", lock["upstream"])
            free = [int(g) for g in re.findall(r"g(\d+)", lock["downstream"]) if g not in fixed]
            while axis(lock["upstream"], orders) == axis(lock["downstream"], orders):
                left = [g for g in free if sizes[g] >= 3 and redraws[g] < 100]
                if not left:
                    break
                g, changed = left[0], True
                redraws[g] += 1
                orders[g] = order(groups[g], redraws[g])
    token = []
    for lock in locks:
        up, down = axis(lock["upstream"], orders), axis(lock["downstream"], orders)
        source, target = (down, up) if lock["kind"] == "index" else (up, down)
        token += [source.index(j) for j in target]
    return {"redraws": redraws, "orders": orders, "token": token}


def listed(order):  # a large permutation is given by its hash
    if len(order) <= 1000:
        return {"order": order}
    packed = struct.pack(f"<{len(order)}I", *order)
    return {"order_blake2b": hashlib.blake2b(packed, digest_size=32).hexdigest()}


RECOMPUTE = {  # file -> what a case is expected to give for its input
    "keys": lambda secret: {"text": bech32("PERMCRYPT-SECRET-KEY-", secret),
                            "id": bech32("permcrypt", keyed_hash(secret, b"key id")[:20])},
    "sealed_keys": lambda secret, passphrase, passes, memory_kib, salt, nonce, box: {
        "text": bech32("PERMCRYPT-SEALED-KEY-",
                       struct.pack("<II", passes, memory_kib) + salt + nonce + box)},
    "salts": lambda secret, content: {"salt": keyed_hash(secret, b"salt", item=content).hex()},
    "subkeys": lambda secret, purpose, salt, item, index: {
        "subkey": keyed_hash(secret, purpose.encode(), salt, item, index).hex()},
    "draws": lambda key, bounds: {
        "values": [below(words, bound) for words in [chacha20_words(key)] for bound in bounds]},
    "permutations": lambda **group: listed(permutation(**group)),
    "axis_maps": lambda map, groups: {"order": axis(map, groups)},
    "plans": derive,
}
BYTES = {"secret", "salt", "nonce", "box", "content", "item", "key", "group"}  # hexadecimal

differences = 0
for name, recompute in RECOMPUTE.items():
    for case in json.loads(pathlib.Path(__file__).with_name(name + ".json").read_text()):
        given = {k: bytes.fromhex(v) if k in BYTES else v for k, v in case["input"].items()}
        if recompute(**given) != case["expected"]:
            differences += 1
            print(f"{name}: {case['input']} does not give {case['expected']}")
sys.exit(min(differences, 1))
