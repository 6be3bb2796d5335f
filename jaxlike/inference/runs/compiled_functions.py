"""Compiled functions of a posterior that chains need: once for all posteriors of one form."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from jaxlike.inference.geometry.laplace import Batch, batch_in_context
from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.transitions import Kernel, compile_segment
from jaxlike.inference.samplers.kernels import Method, nuts_kernel
from jaxlike.inference.target import Posterior, context_of, points_at_once, sloped_density


@dataclass(frozen=True)
class CompiledFunctions:
    """What is compiled, or still being compiled: posteriors of other contexts can share it.

    evaluate: context -> Batch; warm_up and own: segments of draws of the warm-up by NUTS and of the
    method, on chains that lie as the placements of the same order say.
    """

    placements: tuple[Placement, Placement]
    evaluate: "Future[Callable[[Any], Batch]]"
    space: "Future[ParameterSpace]"
    warm_up: "Future[Callable]"
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
    ) -> "CompiledFunctions":
        """Begin to compile in threads of `pool`, for XLA compiles on one core.

        `method` None is NUTS, for which the warm-up's segment serves; `warm`: the warm-up is over.
        """
        warm_up_placement = own_placement = Placement.of(chains)
        if method:
            own_placement = Placement.of(chains, points_at_once(model))
        density, n = sloped_density(model), len(model.parameters)

        def segment(kernel: Kernel, placement: Placement) -> "Future[Callable]":
            return pool.submit(compile_segment, kernel, model, density, placement)

        own = segment(method.kernel, own_placement) if method else None
        warm_up = own if warm and own else segment(nuts_kernel(max_tree_depth), warm_up_placement)
        evaluate = pool.submit(batch_in_context, density, n, context_of(model))
        space = pool.submit(ParameterSpace.compile, model)
        return cls((warm_up_placement, own_placement), evaluate, space, warm_up, own or warm_up)
