"""From data, options and nodes to the arrays of a likelihood: theory, covariance, and additions."""

import jax
import numpy as np
from numpy.typing import NDArray

from jaxlike.data import (
    FOURIER_SPACE,
    TwoPointData,
    find_data_file,
    read_psf,
    read_shear_ratios,
)
from jaxlike.data.units import ARCMIN
from jaxlike.likelihoods.compiled import TwoPoint
from jaxlike.likelihoods.correction import Correction, correction_of
from jaxlike.likelihoods.gaussian import factorise, whitening, whole_inverse
from jaxlike.likelihoods.marginal import Marginal
from jaxlike.likelihoods.references import REFERENCES, typical
from jaxlike.likelihoods.shear_ratios import ShearRatios
from jaxlike.registry.options import TheoryOptions
from jaxlike.registry.samples import Sample
from jaxlike.theory.power.universe import UniverseGrid
from jaxlike.theory.statistics.data_vector import Survey
from jaxlike.theory.statistics.exact_choice import beyond_limber
from jaxlike.theory.statistics.node_choice import Judged
from jaxlike.theory.systematics import SYSTEMATICS
from jaxlike.theory.systematics.registry import Context, Linear, Systematic, Table
from jaxlike.theory.universe.cosmology import from_parameters
from jaxlike.theory.universe.line_of_sight import Nodes

LIMBER_TOLERANCE = 5e-3
"""Delta^T C^-1 Delta that Limber's approximation may cost for two samples, where it is kept."""


def arrays_of(
    data: TwoPointData,
    options: TheoryOptions,
    samples: tuple[Sample, ...],
    survey: Survey,
    grid: UniverseGrid,
    number: int,
) -> TwoPoint:
    """The likelihood of a survey on the nodes of a grid, of which it has the lattice `number`."""
    theory = survey.on(grid.nodes, number)
    if options.limber == "beyond":
        judged = Judged(survey, whitening(data.covariance), typical(survey))
        cosmo = from_parameters(REFERENCES[0], radiation=options.radiation)
        theory = beyond_limber(judged, theory, grid, cosmo, tolerance=LIMBER_TOLERANCE)
    theory = jax.device_put(theory)
    correction = _correction(data, options)
    covariance = covariance_of(data, options, None)
    factors = factorise(covariance)
    every = _systematics(data, options, survey, grid.nodes, number)
    added: list[Systematic] = []
    linear: list[Linear] = []
    for one in every:
        if isinstance(one, Linear) and one.marginal:
            linear.append(one)
        else:
            added.append(one)
    marginal = ratios = None
    log_det = factors.log_det
    if linear:
        marginal = Marginal.build(linear, survey.tracers, covariance)
        log_det += float(marginal.as_read.log_det)
    if options.shear_ratios is not None:
        file = read_shear_ratios(_found(options.shear_ratios))
        ratios = ShearRatios.build(file, survey, np.asarray(grid.nodes.ell), options)
        log_det += float(ratios.log_det)
    return TwoPoint(
        theory=theory,
        value=jax.device_put(data.value),
        inverse=jax.device_put(factors.inverse),
        rows=None if factors.rows is None else jax.device_put(factors.rows),
        log_det=jax.device_put(np.asarray(log_det)),
        vectors=None,
        samples=samples,
        systematics=tuple(jax.device_put(one) for one in added),
        marginal=marginal,
        ratios=ratios,
        form=correction.form,
    )


def covariance_of(data: TwoPointData, options: TheoryOptions, marginal: Marginal | None) -> NDArray:
    """Covariance (n_data, n_data) as chi^2 has it."""
    factor = _correction(data, options).factor
    found = data.covariance if factor == 1 else data.covariance * factor
    return found if marginal is None else found + marginal.covariance


def precision_of(one: TwoPoint, n_data: int) -> NDArray:
    """Its inverse (n_data, n_data), templates being those of the n(z) as they were read."""
    rows = None if one.rows is None else np.asarray(one.rows)
    whole = whole_inverse(np.asarray(one.inverse), rows, n_data)
    if one.marginal is None:
        return whole
    return whole - np.asarray(one.marginal.taken_up(one.marginal.as_read, np.eye(n_data)))


def _correction(data: TwoPointData, options: TheoryOptions) -> Correction:
    return correction_of(
        options.covariance_correction, data.n_data, options.n_simulations, options.n_parameters
    )


def _found(name: str) -> str:
    """The path of a file, which may be the name of a data set."""
    return str(find_data_file(name))


def _systematics(
    data: TwoPointData, options: TheoryOptions, survey: Survey, nodes: Nodes, number: int
) -> list[Systematic]:
    """What the options ask for of every class of systematics."""
    files = {}
    if options.psf_file is not None:
        transform = options.psf_transform
        files["psf_file"] = read_psf(
            _found(options.psf_file), None if transform is None else _found(transform)
        )
    tables, first = [], 0
    for m, block in zip(data.measurements, survey.blocks, strict=True):
        rows = np.arange(first, first + m.value.size)
        fourier = m.statistic in FOURIER_SPACE
        theta, ell = (None, m.scale) if fourier else (m.scale * ARCMIN, None)
        tables.append(Table(m.statistic, block.samples, block.bin1, block.bin2, theta, rows, ell))
        first += m.value.size
    context = Context(
        tuple(tables),
        data.n_data,
        survey.tracers,
        nodes,
        nodes.lattices[number],
        survey.weights,
        files,
        data.source,
    )
    return [one for each in SYSTEMATICS.values() for one in each.of(context, vars(options))]
