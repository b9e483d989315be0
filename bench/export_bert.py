#!/usr/bin/env python3
"""Exports a BERT of random weights, base-sized unless --layers says otherwise: export_bert.py OUT

For latency.py. Needs the Python packages torch, transformers and onnx.
"""

import argparse

import torch
import transformers


class Encoder(torch.nn.Module):
    def __init__(self, layers):
        super().__init__()
        config = transformers.BertConfig(num_hidden_layers=layers)
        config._attn_implementation = "eager"
        self.bert = transformers.BertModel(config).eval()
        # A fresh model's normalisations are equal, and equal weights are tied by the exporter.
        with torch.no_grad():
            for parameter in self.parameters():
                parameter += 0.02 * torch.randn_like(parameter)

    def forward(self, input_ids, attention_mask, token_type_ids):
        out = self.bert(input_ids=input_ids, attention_mask=attention_mask,
                        token_type_ids=token_type_ids)
        return out.last_hidden_state, out.pooler_output


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out")
    parser.add_argument("--layers", type=int, default=12)
    args = parser.parse_args()
    torch.manual_seed(0)
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    outputs = ["last_hidden_state", "pooler_output"]
    dynamic = {name: {0: "batch", 1: "sequence"} for name in [*inputs, outputs[0]]}
    dynamic[outputs[1]] = {0: "batch"}
    ones = torch.ones(2, 16, dtype=torch.long)
    torch.onnx.export(Encoder(args.layers).eval(), (ones, ones, torch.zeros_like(ones)), args.out,
                      dynamo=False, opset_version=17, input_names=inputs, output_names=outputs,
                      dynamic_axes=dynamic)


if __name__ == "__main__":
    main()
