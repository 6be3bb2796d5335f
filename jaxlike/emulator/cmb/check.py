"""Errors of the CMB's spectra against CAMB, at universes that nobody trained on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray

from jaxlike.data.planck_lite import planck_low_ell
from jaxlike.emulator.cmb.design import at_angle
from jaxlike.emulator.cmb.fit import ELL, errors
from jaxlike.emulator.cmb.spectra import Universe
from jaxlike.likelihoods.band_powers import CmbBandPowers
from jaxlike.theory.power.cmb.spectra import SPECTRA, Spectra, factor
from jaxlike.theory.power.cmb.table import CmbTable
from jaxlike.theory.universe.cosmology import Cosmology

SEED = 21

PLANCK: Mapping[str, tuple[float, float]] = {
    "omega_b": (0.02236, 0.00015),
    "omega_c": (0.1202, 0.0014),
    "thetastar": (1.04109, 0.00030),
    "tau": (0.0544, 0.0080),
    "logA": (3.045, 0.016),
    "n_s": (0.9649, 0.0044),
}
"""Means and errors of Planck 2018, TT,TE,EE+lowE (arXiv:1807.06209, table 2)."""

SIGMA = 6.0
"""Of Planck's errors, to either side: where the universes that are held out lie."""

MULTIPOLES = ((2, 30), (30, 1000), (1000, 2000), (2000, 3000), (3000, 4200))
"""Ranges that errors are listed for."""


def held_out(n: int) -> dict[str, list[Universe]]:
    """`n` random universes of LambdaCDM with one neutrino of 0.06 eV, and a quarter as many of
    each extension of it, with the same angle of the acoustic scale."""
    rng = np.random.default_rng(SEED)
    plain = [_random(rng) for _ in range(n)]
    groups: dict[str, list[Universe]] = {"LambdaCDM": [at_angle(a, u) for a, u in plain]}
    for name in ("w0-wa", "degenerate, to 0.5 eV", "one massive, to 0.3 eV", "curved"):
        groups[name] = []
        for angle, universe in plain[: n // 4]:
            w0, mass, Omega_k = map(float, rng.uniform((-1.4, 0.06, -0.02), (-0.5, 0.5, 0.02)))
            wa = float(rng.uniform(-1.5, min(0.5, -0.4 - w0)))
            changes: dict[str, dict[str, Any]] = {
                "w0-wa": {"w0": w0, "wa": wa},
                "degenerate, to 0.5 eV": {"mnu": mass, "kind": "degenerate"},
                "one massive, to 0.3 eV": {"mnu": 0.6 * mass},
                "curved": {"Omega_k": Omega_k},
            }
            groups[name].append(at_angle(angle, replace(universe, **changes[name])))
    return groups


def _random(rng: np.random.Generator) -> tuple[float, Universe]:
    """An angle, and a universe that has yet to get its h."""
    x = {k: float(mean + SIGMA * error * rng.uniform(-1, 1)) for k, (mean, error) in PLANCK.items()}
    return x["thetastar"], Universe(
        h=0.67,
        omega_b=float(x["omega_b"]),
        omega_cb=float(x["omega_b"] + x["omega_c"]),
        n_s=float(x["n_s"]),
        A_s=float(1e-10 * np.exp(x["logA"])),
        tau=float(x["tau"]),
        mnu=0.06,
        kind="one_massive",
    )


def rows_of(
    table: CmbTable,
    groups: Mapping[str, Sequence[Universe]],
    spectra: Mapping[str, Sequence[Mapping[str, NDArray]]],
    planck: CmbBandPowers | None,
) -> list[dict[str, Any]]:
    """A row for each group and spectrum: largest and rms error of it in each range of MULTIPOLES,
    in cosmic variance of the whole sky with the noise of deep surveys; and of a group the largest
    and the mean Delta chi^2 of Planck's low-ell temperature and, where its data are at hand, of
    plik-lite."""
    low = CmbBandPowers.of(planck_low_ell())

    @jax.jit
    def look(cosmo: Cosmology) -> tuple[dict[str, Array], dict[str, Array]]:
        """The spectra, and what of them is known without a table."""
        found = Spectra(cosmo, "eisenstein_hu", table)
        known = found.ln_convergence
        return (
            {name: found.D_ell(name, ELL) for name in SPECTRA},
            {name: factor(name, cosmo, known, ELL) for name in SPECTRA},
        )

    rows = []
    for group, members in groups.items():
        wrong: dict[str, list[NDArray]] = {name: [] for name in SPECTRA}
        chi2: dict[str, list[float]] = {"low-ell TT": []}
        if planck is not None:
            chi2["plik-lite"] = []
        for universe, truth in zip(members, spectra[group], strict=True):
            cosmo = replace(universe.cosmology(), tau=universe.tau)
            found, over = look(cosmo)
            true = {name: truth[name][0, ELL] for name in SPECTRA}
            scaled = {name: (true[name] / np.asarray(over[name]))[None] for name in SPECTRA}
            difference = {name: np.asarray(found[name]) - true[name] for name in SPECTRA}
            for name in SPECTRA:
                error = errors(name, scaled) * np.asarray(over[name])
                wrong[name].append(difference[name] / error)
            for name, one in (("low-ell TT", low), ("plik-lite", planck)):
                if one is not None:
                    chi2[name].append(_delta(one, difference))
        row: dict[str, Any] = {"group": group, "n": len(members)}
        row["delta_chi2"] = {k: [float(np.max(v)), float(np.mean(v))] for k, v in chi2.items()}
        row["errors"] = {
            name: [
                [float(np.abs(part).max()), float(np.sqrt(np.mean(part**2)))]
                for part in (
                    np.array(wrong[name])[:, (low_ell <= ELL) & (high > ELL)]
                    for low_ell, high in MULTIPOLES
                )
            ]
            for name in SPECTRA
        }
        rows.append(row)
    return rows


def _delta(one: CmbBandPowers, difference: Mapping[str, NDArray]) -> float:
    """d^T C^-1 d of differences d of spectra."""
    d = one.of_spectra(difference, {one.calibration: jnp.ones(())} if one.calibration else {})
    return float(d @ (jnp.asarray(one.inverse) @ d))


def as_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table for people."""
    ranges = " ".join(f"{f'{low}-{high}':>15}" for low, high in MULTIPOLES)
    lines = ["Delta chi^2 against CAMB (largest, mean)"]
    for row in rows:
        parts = "; ".join(f"{k} {a:.3f}, {b:.3f}" for k, (a, b) in row["delta_chi2"].items())
        lines.append(f"{row['group']:<24} {row['n']:>3}  {parts}")
    lines += ["", f"errors in cosmic variance (max, rms), ell = {ranges}"]
    for row in rows:
        for name, found in row["errors"].items():
            numbers = " ".join(f"{worst:>8.3f} {rms:>6.3f}" for worst, rms in found)
            lines.append(f"{row['group']:<24} {name:<10} {numbers}")
    return "\n".join(lines)
