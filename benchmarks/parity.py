"""Losses, gradients and curvature products of sgdyn's networks beside PyTorch's, on the same weights, in float64.

    cargo run --release --example parity -- /tmp/parity
    python benchmarks/parity.py /tmp/parity

Each case is a folder with weights.safetensors and arrays; the weights are loaded by `load_state_dict(strict=True)`, so
names and shapes are compared too. Ends with 1 if a relative error is above 1e-10. Needs numpy and torch.
"""

import json
import pathlib
import sys

import numpy as np
import torch
from torch import nn
from torch.func import functional_call, grad, jvp, vjp, vmap

BOUND = 1e-10
TYPES = {"F64": np.float64, "F32": np.float32, "I64": np.int64}


def tensors_of(path):
    """The tensors of a safetensors file, in the order of their data."""
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length:]
    return {name: torch.tensor(np.frombuffer(data[slice(*entry["data_offsets"])], TYPES[entry["dtype"]])
                               .reshape(entry["shape"]).copy())
            for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"])}


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride, norm):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = norm(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = norm(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), norm(outputs))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + shortcut)


class ResNet(nn.Module):
    def __init__(self, norm, width=8):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, 1, 1, bias=False)
        self.bn1 = norm(width)
        inputs = width
        for stage in range(4):
            outputs, stride = width << stage, 1 if stage == 0 else 2
            blocks = nn.Sequential(Block(inputs, outputs, stride, norm), Block(outputs, outputs, 1, norm))
            setattr(self, f"layer{stage + 1}", blocks)
            inputs = outputs
        self.fc = nn.Linear(inputs, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x.reshape(-1, 1, 8, 8))))
        for stage in range(4):
            x = getattr(self, f"layer{stage + 1}")(x)
        return self.fc(x.mean((2, 3)))




def module(case):
    if case.startswith("mlp-"):
        between = {"tanh": nn.Tanh, "gelu": nn.GELU, "softplus": nn.Softplus}[case[4:]]
        return nn.Sequential(nn.Linear(64, 20), between(), nn.Linear(20, 16), between(), nn.Linear(16, 10))
    if case == "resnet-group":
        return ResNet(lambda channels: nn.GroupNorm(4, channels))
    if case == "resnet-batch":
        return ResNet(nn.BatchNorm2d)
    return nn.Sequential(nn.Embedding(17, 3), nn.Flatten(), nn.Linear(192, 12), nn.Tanh(), nn.Linear(12, 17))


def compare(folder):
    case = folder.name
    own = {path.stem: torch.tensor(np.load(path)) for path in folder.glob("*.npy")}
    network = module(case).double().eval()
    tensors = tensors_of(folder / "weights.safetensors")
    network.load_state_dict(tensors, strict=True)
    inputs = own["inputs"].long() if case == "next-token" else own["inputs"]
    labels = own["labels"].long()
    parameters = {name: value.detach() for name, value in network.named_parameters()}
    constants = dict(network.named_buffers())
    order = [name for name in tensors if name in parameters]

    def flat(named):
        return torch.cat([named[name].reshape(-1) for name in order])

    def named(vector):
        parts = vector.split([parameters[name].numel() for name in order])
        return {name: part.reshape(parameters[name].shape) for name, part in zip(order, parts)}

    def outputs(parameters, inputs=inputs):
        return functional_call(network, {**parameters, **constants}, (inputs,))

    def loss(parameters):
        return nn.functional.cross_entropy(outputs(parameters), labels)

    def sample_loss(parameters, x, y):
        return nn.functional.cross_entropy(outputs(parameters, x[None]), y[None])

    vector = named(own["vector"])
    per_sample = vmap(grad(sample_loss), (None, 0, 0))(parameters, inputs, labels)
    squares = sum(value.reshape(len(labels), -1).square().sum(1) for value in per_sample.values())
    logits, tangents = jvp(outputs, (parameters,), (vector,))
    p = logits.softmax(1)
    curved = p * (tangents - (p * tangents).sum(1, keepdim=True)) / len(labels)
    found = {
        "losses": nn.functional.cross_entropy(outputs(parameters), labels, reduction="none"),
        "gradient": flat(grad(loss)(parameters)),
        "hessian": flat(jvp(grad(loss), (parameters,), (vector,))[1]),
        "gauss-newton": flat(vjp(outputs, parameters)[1](curved)[0]),
        "squared-norms": squares,
    }
    errors = {what: float((own[what] - value).norm() / value.norm()) for what, value in found.items()}
    print(f"{case:<14}" + "".join(f"{what} {error:8.1e}   " for what, error in errors.items()))
    return max(errors.values())


def main():
    folders = sorted(path for path in pathlib.Path(sys.argv[1]).iterdir() if path.is_dir())
    sys.exit(int(max(compare(folder) for folder in folders) > BOUND))


main()
