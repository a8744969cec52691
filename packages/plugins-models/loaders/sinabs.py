import nirtorch
import sinabs.layers
from sinabs.activation import MembraneReset, MembraneSubtract, SingleSpike
from sinabs.nir import _import_sinabs_module


def load(graph, images, subtracts):
    # sinabs.nir.from_nir takes chains alone.
    kinds = {type(node) for node in graph.nodes.values()} - {nir.Input, nir.Output}
    net = nirtorch.nir_to_torch(
        graph, {kind: lambda node: _import_sinabs_module(node, images, None) for kind in kinds})
    for module, _ in neurons(net):
        # The importer lets a neuron fire several times a step, and its potential not fall below minus the threshold.
        module.spike_fn, module.min_v_mem = SingleSpike, None
        module.reset_fn = MembraneSubtract() if subtracts else MembraneReset()
    return net


def neurons(net):
    return [(module, module.spike_threshold) for module in net.modules()
            if isinstance(module, sinabs.layers.IAFSqueeze)]


def forward(net, current, state):
    output = net(current)
    return (output[0] if isinstance(output, tuple) else output), None
