from spikingjelly.activation_based import neuron as spikingjelly_neuron
from spikingjelly.activation_based.nir_exchange import import_from_nir


def load(graph, images, subtracts):
    net = import_from_nir(graph, dt=1e-4)
    for module in net.modules():
        if isinstance(module, spikingjelly_neuron.BaseNode):
            # The importer resets to the potential 0; None subtracts the threshold.
            module.v_reset = None if subtracts else 0.0
    return net


def neurons(net):
    return [(module, module.module.v_threshold) for module in net.modules()
            if isinstance(getattr(module, "module", None), spikingjelly_neuron.BaseNode)]


def forward(net, current, state):
    return net(current, state)
