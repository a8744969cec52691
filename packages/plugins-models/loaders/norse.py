import norse.torch
from norse.torch.functional.reset import reset_subtract, reset_value


def load(graph, images, subtracts):
    return norse.torch.from_nir(graph, reset_method=reset_subtract if subtracts else reset_value, dt=1e-3)


def neurons(net):
    return [(module, module.lif.p.v_th) for module in net.modules() if hasattr(module, "lif")]


def forward(net, current, state):
    return net(current, state)
