"""Trains an encrypted classifier on data it cannot read.

It has the permuted weights and the architecture, and gets scrambled images and renumbered labels. It
never sees the key, a picture, or which class is which.

    python3 server.py SOCKET ENCRYPTED.safetensors TRAINED.safetensors sgd|adam|adamw
"""
import socket
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

import wire
from vit import ViT

OPTIMISERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=1e-2, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=1e-4),
    "adamw": lambda p: torch.optim.AdamW(p, lr=1e-4, weight_decay=0.05),
}


def load(checkpoint):
    weights = load_file(checkpoint)
    model = ViT().to(next(iter(weights.values())).dtype)
    model.load_state_dict(weights)
    return model


def train_step(model, optimiser, images, labels):
    loss = F.cross_entropy(model(images), labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


def main(path, checkpoint, trained, name):
    torch.set_num_threads(1)
    model = load(checkpoint)
    optimiser = OPTIMISERS[name](model.parameters())
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        connection, _ = listener.accept()
        while (batch := wire.receive(connection)) is not None:
            images = torch.from_numpy(batch["images"])
            if "labels" in batch:
                loss = train_step(model, optimiser, images, torch.from_numpy(batch["labels"]))
                wire.send(connection, loss=loss)
            else:
                with torch.no_grad():
                    wire.send(connection, logits=model(images).numpy())
    save_file(model.state_dict(), trained)


if __name__ == "__main__":
    main(*sys.argv[1:])
