"""What compiles anew for a product of likelihoods, and what memory it holds."""

import gc
from contextlib import contextmanager

import jax
import numpy as np
import pytest
from product_input import TEXT


@contextmanager
def compilations():
    """Names of what XLA is asked to compile meanwhile."""
    found: list[str] = []

    def listen(event: str, duration: float, **more: object) -> None:
        if event.endswith("backend_compile_duration"):
            found.append(f"{more.get('fun_name', '')}")

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield found
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)


def use(model):
    """Values of a posterior's functions at a point and a batch of points."""
    x = model.reference
    found = [model.log_posterior(x), *model.value_and_gradient(x), model.chi2(x), model.mean(x)]
    found += [model.log_density(np.zeros(x.size)), model.derived(x), *model.chi2s(x).values()]
    found += [model.log_posterior_batch(np.stack([x, x])), model.likelihoods["ngc"].chi2(x)]
    return [np.asarray(one) for one in found]


CHANGES = {
    "nothing": ("", ""),
    "a prior's numbers": ("{prior: [0.8, 3], ref: 1.4}", "{prior: [0.7, 2], ref: 1}"),
    "a fixed value": ("NGC_b2: 1.6", "NGC_b2: 1.7"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new"), CHANGES.values(), ids=CHANGES.keys())
def test_another_posterior_of_the_same_structure_compiles_nothing(load_product, product, old, new):
    expected = use(product)
    model = load_product(TEXT.replace(old, new))
    model.density, model.value  # eager pieces of assembly are not what is compiled
    with compilations() as found:
        values = use(model)
    assert not found
    same = all(np.array_equal(*pair) for pair in zip(values, expected, strict=True))
    assert same == (old == "")


def test_other_data_compile_nothing(product):
    use(product)
    other = product.with_context(1.1 * np.asarray(product.value))
    with compilations() as found:
        values = use(other)
    assert not found
    assert float(values[0]) != float(use(product)[0])


def test_another_file_of_the_same_layout_compiles_nothing(load_product, product):
    """Where as many nodes are chosen, which the numbers of the file decide."""
    other = load_product(data_file="other.fits")
    shapes = [[leaf.shape for leaf in jax.tree.leaves(m.density)] for m in (product, other)]
    assert shapes[0] == shapes[1]
    first = use(product)
    with compilations() as found:
        second = use(other)
    assert not found
    assert float(first[0]) != float(second[0])


def test_a_deleted_posterior_frees_its_memory(load_product):
    use(load_product())
    gc.collect()
    gc.freeze()  # what other tests hold need not be looked through again
    before = sum(array.nbytes for array in jax.live_arrays())
    model = load_product()
    use(model)
    held = sum(array.nbytes for array in jax.live_arrays()) - before
    assert held > 2e5
    del model
    gc.collect()
    gc.unfreeze()
    left = sum(array.nbytes for array in jax.live_arrays()) - before
    assert left < 0.02 * held
