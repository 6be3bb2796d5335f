"""Compiled functions of a posterior that chains need: once for all posteriors of one form."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from jaxlike.inference.geometry.laplace import Batch, batch_program, batches_of
from jaxlike.inference.runs.device_placement import Placement
from jaxlike.inference.runs.parameter_space import ParameterSpace
from jaxlike.inference.runs.transitions import Kernel, segment_program
from jaxlike.inference.samplers.kernels import Method, nuts_kernel
from jaxlike.inference.target import (
    Posterior,
    context_of,
    fingerprint_of,
    points_at_once,
    sloped_density,
    trace_slope,
)
from jaxlike.kept.programs import Program


@dataclass(frozen=True)
class CompiledFunctions:
    """What is compiled, or still being compiled: posteriors of other contexts can share it.

    evaluate: context -> Batch, None where that was not asked for; warm_up and own: segments of
    draws of the warm-up by NUTS and of the method, on chains that lie as the placements of the same
    order say.
    """

    placements: tuple[Placement, Placement]
    evaluate: "Future[Callable[[Any], Batch]] | None"
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
        fitted: bool = False,
    ) -> "CompiledFunctions":
        """Begin to compile in threads of `pool`, for XLA compiles on one core.

        `method` None is NUTS, for which the warm-up's segment serves; `warm`: the warm-up is over;
        `fitted`: nothing is to be evaluated before it.
        """
        warm_up_placement = own_placement = Placement.of(chains)
        if method:
            own_placement = Placement.of(chains, points_at_once(model))
        density, n = sloped_density(model), len(model.parameters)

        def segment(make_kernel: Callable[[], Kernel], placement: Placement) -> Program:
            return segment_program(make_kernel, model, density, placement)

        own = segment(partial(_kernel, method), own_placement) if method else None
        nuts = partial(nuts_kernel, max_tree_depth)
        warm_up = own if warm and own else segment(nuts, warm_up_placement)
        batch = batch_program(density, n, context_of(model), fingerprint_of(model))
        sloped = [warm_up, *([own] if own else []), *([] if fitted else [batch])]
        trace_slope(model, density, sloped)
        moving = pool.submit(own.compiled) if own and own is not warm_up else None
        warming = pool.submit(warm_up.compiled)
        evaluate = None if fitted else pool.submit(batches_of, batch)
        space = pool.submit(ParameterSpace.compile, model)
        return cls((warm_up_placement, own_placement), evaluate, space, warming, moving or warming)


def _kernel(method: Method) -> Kernel:
    return method.kernel
