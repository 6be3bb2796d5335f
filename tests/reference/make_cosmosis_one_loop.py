"""Make cosmosis_one_loop.npz: CosmoSIS's DES-Y1 3x2pt with galaxy bias to one loop.

Run `python tests/reference/make_cosmosis_one_loop.py DATA` with the 2pt file of DES-Y1 where
CosmoSIS and fast-pt are installed and $CSL_DIR is its standard library (seconds). It is the
library's own examples/des-y1.ini in which clustering and lensing are of nlgal, alignment is that of
galaxies with linear bias, and CosmoSIS writes what it has found. The file has parameters
(section--name) and the theory vector (457,) of two points: with bs and b3nl of coevolution, and
without.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

CHANGES = (
    (r"^(\s+)bin_bias\n", ""),
    (r"^(\s+)unbiased_galaxies\n", ""),
    (r"first_fast_module.*", ""),
    (r"^2PT_FILE =.*", "2PT_FILE = {data}"),
    (r"^values = .*", "values = {folder}/values.ini"),
    (r"^position-shear = lens-source", "nlgal-shear = lens-source"),
    (r"^position-position = lens-lens", "nlgal-nlgal = lens-lens"),
    (
        r"^position-intrinsic = lens-source",
        "lingal-intrinsic = lens-source\nlin_bias_prefix = b1E_bin",
    ),
    (r"do_galaxy_intrinsic *= *T", "do_galaxy_intrinsic = F"),
    (r"^save_dir=.*", "save_dir={folder}/out"),
    (r"^filename=.*", "filename={folder}/chain.txt"),
)
B2 = (0.23, 0.23, 0.23, 0.5, 0.5)
BIAS = {f"b2E_bin{i}": value for i, value in enumerate(B2, start=1)}
POINTS = {
    "coevolution": (0.5, BIAS),
    "free": (
        1.0,
        {name: -1.5 * value for name, value in BIAS.items()}
        | {f"bsE_bin{i}": 0.2 * i - 0.5 for i in range(1, 6)}
        | {f"b3nlE_bin{i}": 0.9 - 0.3 * i for i in range(1, 6)},
    ),
}
"""Name -> A_IA and galaxy bias."""


def values_of(library: Path, amplitude: float, bias: dict[str, float]) -> str:
    """The values file of a point."""
    text = (library / "examples/des-y1-values.ini").read_text()
    text = text.replace("A = -5. 0.0 5.0", f"A = -5. {amplitude} 5.0")
    text = re.sub(r"^b(\d) = 0.8", r"b1E_bin\1 = 0.8", text, flags=re.MULTILINE)
    lines = "".join(f"{name} = {value}\n" for name, value in bias.items())
    return text.replace("[bin_bias]\n", f"[bias_lens]\n{lines}")


def run(
    library: Path, data: Path, amplitude: float, bias: dict[str, float]
) -> tuple[dict[str, str], np.ndarray]:
    """Parameters and theory vector of one point."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "values.ini").write_text(values_of(library, amplitude, bias))
        text = (library / "examples/des-y1.ini").read_text()
        for old, new in CHANGES:
            new = new.format(data=data.resolve(), folder=folder)
            text = re.sub(old, new, text, flags=re.MULTILINE)
        (folder / "pipeline.ini").write_text(text)
        subprocess.run(["cosmosis", str(folder / "pipeline.ini")], cwd=library, check=True)
        found = {}
        for section in SECTIONS:
            for line in (folder / "out" / section / "values.txt").read_text().splitlines():
                key, _, value = line.partition(" = ")
                found[f"{section}--{key}"] = value
        return found, np.loadtxt(folder / "out/data_vector/2pt_theory.txt")


SECTIONS = (
    *("bias_lens", "intrinsic_alignment_parameters", "shear_calibration_parameters"),
    *("wl_photoz_errors", "lens_photoz_errors", "cosmological_parameters"),
)
SAMPLED = ("omega_m", "h0", "omega_b", "n_s", "sigma_8", "omnuh2")
"""Cosmological parameters that say all of the others."""


def kept(name: str) -> bool:
    """Whether a parameter is of use: k^2 has no bias here."""
    section, _, key = name.partition("--")
    return (section != "cosmological_parameters" or key in SAMPLED) and not key.startswith("bke")


if __name__ == "__main__":
    stored: dict[str, np.ndarray] = {}
    for point, (size, of_galaxies) in POINTS.items():
        values, theory = run(Path(os.environ["CSL_DIR"]), Path(sys.argv[1]), size, of_galaxies)
        names = [name for name in values if kept(name)]
        stored[f"{point}/param_names"] = np.array(names)
        stored[f"{point}/param_values"] = np.array([float(values[name]) for name in names])
        stored[f"{point}/theory"] = theory
    np.savez_compressed(Path(__file__).with_name("cosmosis_one_loop.npz"), **stored)
