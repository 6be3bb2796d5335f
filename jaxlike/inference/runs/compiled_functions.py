"""Compiled functions of a posterior that chains need: once for all posteriors of one form."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from jaxlike.inference.geometry.laplace import Batch, batch_in_context
from jaxlike.inference.runs.device_placement import Layout
from jaxlike.inference.runs.parameter_space import Carrier
from jaxlike.inference.runs.transitions import Kernel, compile_block
from jaxlike.inference.samplers.kernels import Method, nuts_kernel
from jaxlike.inference.target import Posterior, context_of, points_at_once, sloped_density


@dataclass(frozen=True)
class Engine:
    """What is compiled, or still being compiled: posteriors of other contexts can share it.

    evaluate: context -> Batch; pilot and own: blocks of the warm-up by NUTS and of the method, on
    chains that lie as the layouts of the same order say.
    """

    layouts: tuple[Layout, Layout]
    evaluate: "Future[Callable[[Any], Batch]]"
    carrier: "Future[Carrier]"
    pilot: "Future[Callable]"
    own: "Future[Callable]"

    @classmethod
    def start(
        cls,
        model: Posterior,
        method: Method | None,
        chains: int,
        max_tree_depth: int,
        pool: ThreadPoolExecutor,
        *,
        warm: bool = False,
    ) -> "Engine":
        """Begin to compile in threads of `pool`, for XLA compiles on one core.

        `method` None is NUTS, for which the warm-up's block serves; `warm`: the warm-up is over.
        """
        pilot_layout = own_layout = Layout.of(chains)
        if method:
            own_layout = Layout.of(chains, points_at_once(model))
        density, n = sloped_density(model), len(model.parameters)

        def block(kernel: Kernel, layout: Layout) -> "Future[Callable]":
            return pool.submit(compile_block, kernel, model, density, layout)

        own = block(method.kernel, own_layout) if method else None
        pilot = own if warm and own else block(nuts_kernel(max_tree_depth), pilot_layout)
        evaluate = pool.submit(batch_in_context, density, n, context_of(model))
        carrier = pool.submit(Carrier.compile, model)
        return cls((pilot_layout, own_layout), evaluate, carrier, pilot, own or pilot)
