"""Times SpikingJelly on the same networks: one JSON object a line, for bench.mjs.

    python spikingjelly_bench.py --network VGG9 --threads 1 [--train] [--time-steps 100] [--batch 16]

Dense convolutions cost the same at every activity, so weights are random. Inference is timed in SpikingJelly's
three modes; a training step in single-step and multi-step mode.
"""

import argparse
import json
import resource
import time

import torch
from spikingjelly.activation_based import functional, layer, neuron, surrogate

CHANNELS = {
    "VGG9": ([64, 64, "A", 128, 128, "A", 256, 256, 256, "A"], 1024),
    "VGG16": (
        [64, 64, "A", 128, 128, "A", 256, 256, 256, "A", 512, 512, 512, "A", 512, 512, 512, "A"],
        4096,
    ),
}


def peak_bytes():
    """Peak memory of this process; ru_maxrss would also count the parent's before it started this one."""
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def network(name):
    """The network; neurons integrate without leak, and reset by subtraction."""
    channels, hidden = CHANNELS[name]

    def spiking():
        return neuron.IFNode(
            v_threshold=1.0, v_reset=None, surrogate_function=surrogate.PiecewiseQuadratic()
        )

    modules, inputs, size = [], 3, 32
    for outputs in channels:
        if outputs == "A":
            modules.append(layer.AvgPool2d(2))
            size //= 2
        else:
            modules += [layer.Conv2d(inputs, outputs, 3, padding=1, bias=False), spiking()]
            inputs = outputs
    modules += [
        layer.Flatten(),
        layer.Linear(inputs * size * size, hidden, bias=False),
        spiking(),
        layer.Linear(hidden, 10, bias=False),
    ]
    return torch.nn.Sequential(*modules)


def potentials(net, images, steps, multi_step):
    """Signed Poisson input, output summed over time."""
    if multi_step:
        noise = torch.rand(steps, *images.shape)
        spikes = (noise < images.abs()).float() * images.sign()
        return net(spikes).sum(0)
    total = 0
    for _ in range(steps):
        spikes = (torch.rand_like(images) < images.abs()).float() * images.sign()
        total = total + net(spikes)
    return total


def measure(name, mode, steps, batch, train):
    torch.manual_seed(0)
    multi_step = mode != "single-step"
    net = network(name)
    functional.set_step_mode(net, "m" if multi_step else "s")
    images = torch.rand(batch, 3, 32, 32) * 2 - 1
    if mode == "multi-step channels-last":
        net = net.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-6)
    labels = torch.arange(batch) % 10

    def run():
        if train:
            loss = torch.nn.functional.cross_entropy(
                potentials(net, images, steps, multi_step), labels
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        else:
            with torch.no_grad():
                potentials(net, images, steps, multi_step)
        functional.reset_net(net)

    start = time.perf_counter()
    run()
    first = time.perf_counter() - start
    start = time.perf_counter()
    run()
    return min(first, time.perf_counter() - start)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=CHANNELS, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--time-steps", type=int, default=100)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--train", action="store_true")
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    seconds = measure(a.network, a.mode, a.time_steps, a.batch, a.train)
    peak = peak_bytes()
    print(json.dumps({"seconds": seconds, "peakBytes": peak}))


if __name__ == "__main__":
    main()
