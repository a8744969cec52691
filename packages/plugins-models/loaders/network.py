class Network:
    """The spiking network of a .nir file, with what the format has no words for."""

    def __init__(self, file=FILE):
        # The package takes kernels for square where it infers shapes.
        self.graph = nir.read(file, type_check=False)
        self.facts = json.loads(self.graph.metadata["privatesnn"])

    def currents(self, images, steps):
        """What enters the first layer at each time-step; images [n, channels, height, width] in the encoder's range."""
        kind = self.facts["encoder"]["kind"]
        for step in range(steps):
            if kind == "constant":
                yield images
            elif kind == "poisson":
                yield images.sign() * (torch.rand_like(images) < images.abs())
            else:  # first-spike: the earlier, the larger
                at = torch.floor((1 - images.abs().clamp(max=1)) * steps)
                yield images.sign() * ((at == step) & (images != 0))

    @torch.no_grad()
    def potentials(self, images, steps=None):
        """Membrane potentials of the last layer, which never fires, after each time-step: [n, steps, classes].

        They are summed from where the read-out begins, and 0 before.
        """
        neuron = self.facts["neuron"]
        modules = load(self.graph, len(images), neuron["reset"] == "soft")
        state, summed, result = None, 0, []
        for step, current in enumerate(self.currents(images, steps or self.facts["timeSteps"])):
            # The potential before the first time-step, of which the leak leaves its part, comes in with the first current.
            hooks = []
            if step == 0 and neuron["initial"] > 0:
                for module, threshold in neurons(modules):
                    first = neuron["leak"] * neuron["initial"] * threshold
                    hooks.append(module.register_forward_pre_hook(
                        lambda _, given, first=first: (given[0] + first, *given[1:])))
            output, state = forward(modules, current, state)
            for hook in hooks:
                hook.remove()
            summed = summed + output * (step >= self.facts["readout"].get("after", 0))
            result.append(summed)
        return torch.stack(result, 1)

    def classes(self, images):
        """The class of each image; equal largest potentials are no answer, and give the first."""
        return self.potentials(images)[:, -1].argmax(1)
