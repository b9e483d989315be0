#!/usr/bin/env python3
"""PyTorch checkpoints under encryption, through transformers.

    checkpoints.py TOOL ZOO

For BERT, ViT and Llama of the model collection ZOO: the checkpoint behind the ONNX export is
encrypted together with it (--carry data --checkpoint), loaded with transformers, and run on
scrambled data; its results, unscrambled, must be the original's, and without the scrambling they
must not. Decrypting gives the checkpoint back, byte for byte. Needs torch, transformers,
safetensors, onnx and onnxruntime; skips itself (exit 77) without them.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
try:
    import numpy as np
    import onnx
    import onnxruntime as ort
    import torch
    import transformers
    from safetensors.torch import load_file, save_file
except ImportError as error:
    print(f"skipped: {error}")
    sys.exit(77)


def bert(c):
    return transformers.BertForSequenceClassification(transformers.BertConfig(
        vocab_size=c["vocab"], hidden_size=c["hidden"], num_hidden_layers=c["layers"],
        num_attention_heads=c["heads"], intermediate_size=c["ffn"],
        max_position_embeddings=c["positions"], type_vocab_size=c["type_vocab"],
        num_labels=c["classes"]))


def vit(c):
    return transformers.ViTForImageClassification(transformers.ViTConfig(
        hidden_size=c["hidden"], num_hidden_layers=c["layers"], num_attention_heads=c["heads"],
        intermediate_size=c["ffn"], image_size=c["image_size"], patch_size=c["patch_size"],
        num_channels=c["channels"], num_labels=c["classes"]))


def llama(c):
    return transformers.LlamaForCausalLM(transformers.LlamaConfig(
        vocab_size=c["vocab"], hidden_size=c["hidden"], num_hidden_layers=c["layers"],
        num_attention_heads=c["heads"], num_key_value_heads=c["kv_heads"], head_dim=c["head_dim"],
        intermediate_size=c["ffn"], max_position_embeddings=c["positions"],
        tie_word_embeddings=False))


MODELS = {"bert-seqcls-dynamo": bert, "vit-imgcls-dynamo": vit, "llama-gqa-untied-dynamo": llama}


def fill(model, graph):
    """The weights of the export: by name, and matrices that it stores transposed in their order."""
    tensors = {i.name: onnx.numpy_helper.to_array(i) for i in graph.initializer}
    order = [name for node in graph.node for name in node.input
             if name in tensors and tensors[name].ndim == 2 and node.op_type in ("MatMul", "Gemm")]
    state = model.state_dict()
    for name, value in state.items():
        if name in tensors:
            value.copy_(torch.from_numpy(tensors[name].copy()))
            continue
        if value.ndim != 2:
            continue
        match = next(n for n in order if tensors[n].T.shape == tuple(value.shape))
        order.remove(match)
        value.copy_(torch.from_numpy(tensors[match].T.copy()))
    model.load_state_dict(state)


def read(folder, kind):
    out = []
    for k in range(16):
        path = folder / f"{kind}_{k}.pb"
        if path.exists():
            tensor = onnx.TensorProto.FromString(path.read_bytes())
            out.append((tensor.name, onnx.numpy_helper.to_array(tensor)))
    return out


def run(model, feeds):
    with torch.no_grad():
        out = model(**{k: torch.from_numpy(np.array(v)) for k, v in feeds.items()})
    return {"logits": out.logits.numpy()}


def graph(path, feeds):
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return dict(zip(names, session.run(names, feeds)))


def plain_names(values):
    return {k.removesuffix(".scrambled"): v for k, v in values.items()}


def check(tool, zoo, name, folder):
    source = zoo / name
    meta = json.loads((source / "meta.json").read_text())
    model = MODELS[name](meta["config"]).eval()
    proto = onnx.load(source / "model.onnx")
    fill(model, proto.graph)
    inputs = [i.name for i in proto.graph.input]
    feeds = {n or inputs[k]: v for k, (n, v) in enumerate(read(source / "test_data_set_0", "input"))}
    expected = read(source / "test_data_set_0", "output")[0][1]
    scale = expected.std()
    off = abs(run(model, feeds)["logits"] - expected).max() / scale
    assert off < 1e-4, f"{name}: the checkpoint is not the export's ({off})"

    plain, key = folder / "model.safetensors", folder / "key"
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, plain)
    subprocess.run([tool, "keygen", "-o", key], check=True, capture_output=True)
    enc = folder / "enc.onnx"
    subprocess.run([tool, "encrypt", source / "model.onnx", "-o", enc, "-k", key, "--carry", "data",
                    "--checkpoint", plain, "-q"], check=True)
    token = folder / "token.npz"
    subprocess.run([tool, "token", enc, "-k", key, "-o", token, "-q"], check=True)
    model.load_state_dict(load_file(folder / "enc.safetensors"))

    scrambled = plain_names(graph(folder / "token.in.onnx", feeds))
    results = run(model, scrambled)
    back = graph(folder / "token.out.onnx", {f"{k}.scrambled": v for k, v in results.items()})
    with_key = abs(back["logits"] - expected).max() / scale
    without = abs(run(model, feeds)["logits"] - expected).max() / scale
    moved = sum(int((a != b).any()) for a, b in
                zip(load_file(plain).values(), load_file(folder / "enc.safetensors").values()))
    print(f"{name}: with scrambled data off by {with_key:.1e} standard deviations, "
          f"without by {without:.2g}; {moved} of {len(model.state_dict())} tensors moved")
    assert with_key < 1e-4 and without > 0.3 and moved > 10

    subprocess.run([tool, "decrypt", enc, "-k", key, "-o", folder / "dec.onnx", "--checkpoint",
                    folder / "enc.safetensors", "-q"], check=True)
    assert (folder / "dec.safetensors").read_bytes() == plain.read_bytes()
    assert (folder / "dec.onnx").read_bytes() == (source / "model.onnx").read_bytes()


def main():
    tool, zoo = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2])
    for name in MODELS:
        with tempfile.TemporaryDirectory() as folder:
            check(tool, zoo, name, pathlib.Path(folder))


if __name__ == "__main__":
    main()
