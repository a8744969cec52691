import nirtorch
from norse.torch.functional.reset import reset_subtract, reset_value
from norse.torch.utils.import_nir import CubaLIF, _import_norse_module


def load(graph, images, subtracts):
    # norse.torch.from_nir takes chains alone.
    reset = reset_subtract if subtracts else reset_value
    kinds = {type(node) for node in graph.nodes.values()} - {nir.Input, nir.Output}
    return nirtorch.nir_to_torch(
        graph, {kind: lambda node: _import_norse_module(node, reset_method=reset, dt=1e-3) for kind in kinds})


def neurons(net):
    return [(module, module.lif.p.v_th) for module in net.modules() if isinstance(module, CubaLIF)]


def forward(net, current, state):
    return net(current, state)
