import snntorch
from snntorch.import_nir import import_from_nir


def load(graph, images, subtracts):
    net = import_from_nir(graph)
    for module, _ in neurons(net):
        if subtracts:
            module.reset_mechanism = "subtract"
            module.state_function = module._base_sub
            # Else a potential that is above the threshold after a spike is reset before the next input comes.
            module.mem_reset = torch.zeros_like
    return net


def neurons(net):
    return [(module, module.threshold) for module in net.modules() if isinstance(module, snntorch.Leaky)]


def forward(net, current, state):
    return net(current, state)
