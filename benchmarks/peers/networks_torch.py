"""The cases of networks in PyTorch, eager; SciPy's eigensolver. The graph of the gradient is kept for products."""

import torch
from networks import curvature, data, serve, weights_of
from protocol import THREADS
from torch.func import functional_call, grad, vmap

torch.set_num_threads(THREADS)


def problem(name):
    layers = []
    for weights, bias in weights_of(name):
        linear = torch.nn.Linear(*weights.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(weights.T.copy()))
            linear.bias.copy_(torch.tensor(bias))
        layers += [linear, torch.nn.Tanh()]
    x, y = data()
    return torch.nn.Sequential(*layers[:-1]), torch.tensor(x), torch.tensor(y).long()


def gradients(name):
    network, x, y = problem(name)
    parameters = {key: value.detach() for key, value in network.named_parameters()}

    def loss(parameters, x, y):
        return torch.nn.functional.cross_entropy(functional_call(network, parameters, (x[None],)), y[None])

    each = vmap(grad(loss), (None, 0, 0))
    found = float(sum((value.double() ** 2).sum() for value in each(parameters, x, y).values())) / len(x)

    def work():
        each(parameters, x, y)
        return [found]

    return work


def hessian_product(name):
    network, x, y = problem(name)
    parameters = list(network.parameters())
    loss = torch.nn.functional.cross_entropy(network(x), y)
    flat = torch.cat([part.reshape(-1) for part in torch.autograd.grad(loss, parameters, create_graph=True)])

    def multiply(v):
        parts = torch.autograd.grad(flat, parameters, torch.from_numpy(v), retain_graph=True)
        return torch.cat([part.reshape(-1) for part in parts]).numpy()

    return multiply, len(flat)


serve({"gradients": gradients} | curvature(hessian_product), {})
