"""The staircase: a module imports only what stands above it, and hosts only where they belong."""

import ast
import configparser
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "jaxlike"

# From the top of the staircase to its foot; packages on one step may know each other.
STEPS = (
    ("errors", "files", "outputs"),
    ("numerics",),
    ("kept",),
    ("theory",),
    ("surveys", "examples"),
    ("data",),
    ("registry",),
    ("likelihoods",),
    ("posterior", "config"),
    ("inference", "compile_cache"),
    ("forecast",),
    ("mocks",),
    ("loading", "multiplied"),
    ("emulator",),
    ("benchmarks",),
    ("plots",),
    ("notebook", "report"),
    ("cobaya", "cosmosis", "figures"),
    ("cli",),
    ("__main__",),
)
# The same within the theory, whose packages stand in the order of the data's flow.
THEORY_STEPS = (
    ("constants", "declarations", "wavenumbers"),
    ("universe",),
    ("power",),
    ("tracers",),
    ("spectra",),
    ("statistics",),
    ("systematics",),
)
LEVEL = {name: level for level, names in enumerate(STEPS) for name in names}

# Third-party packages -> the only parts of jaxlike that may import them.
ONLY_IN = {
    "fitsio": {"data"},
    "astropy": {"data"},
    "sacc": {"data"},
    "camb": {"emulator"},
    "numpyro": {"inference"},
    "optax": {"inference", "forecast"},
    "blackjax": {"inference"},
    "arviz": {"inference", "plots"},
    "cobaya": {"cobaya"},
    "cosmosis": {"cosmosis"},
    "pyccl": {"figures"},
    "matplotlib": {"figures", "plots", "cli"},
    "jinja2": {"report"},
    "PIL": {"report"},
    "nautilus": {"benchmarks"},
    "getdist": {"plots", "inference", "data"},
}
THEORY_MAY = {"jax", "numpy", "scipy"}


def modules():
    return sorted(PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """Which step a file belongs to: its top-level folder or module."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Dotted names of every import of a file, wherever in it, TYPE_CHECKING included."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import in line {node.lineno}"
            assert node.module is not None
            assert all(alias.name != "*" for alias in node.names), f"{path}: import *"
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def own(names: set[str]) -> set[str]:
    """The parts of jaxlike among imported names."""
    inside = {name.split(".")[1] for name in names if name.startswith("jaxlike.")}
    return inside & set(LEVEL)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_imports_only_what_stands_above(path):
    here, names = part(path), imported(path)
    if path != PACKAGE / "__init__.py":  # the package's door names things of every step
        assert here in LEVEL, f"{here} has no place on the staircase: add it to STEPS"
        below = {other for other in own(names) if LEVEL[other] > LEVEL[here]}
        assert not below, f"{here} imports {below}, which stand below it"
    for package, allowed in ONLY_IN.items():
        if any(name.split(".")[0] == package for name in names):
            assert here in allowed, f"{path}: {package} belongs to {allowed}"


def test_data_and_parameters_do_not_know_each_other():
    for path in modules():
        if part(path) == "data":
            # of the theory it knows what statistics there are, of surveys what their folders say
            names = imported(path) - {"jaxlike.theory.statistics.STATISTICS"}
            assert not own(names) - {"data", "errors", "files", "numerics", "surveys"}, path
        if part(path) == "surveys":
            assert own(imported(path)) <= {"errors"}, path
        if path.is_relative_to(PACKAGE / "posterior" / "priors"):
            assert own(imported(path)) <= {"errors", "numerics", "posterior"}, path


def test_theory_flows_one_way():
    """Parameters to universe to power to tracers to spectra to statistics, and never back."""
    level = {name: i for i, names in enumerate(THEORY_STEPS) for name in names}
    for path in (PACKAGE / "theory").rglob("*.py"):
        if path.parent == PACKAGE / "theory" and path.name == "__init__.py":
            continue
        here = path.relative_to(PACKAGE / "theory").parts[0].removesuffix(".py")
        dotted = [name.split(".") for name in imported(path) if name.startswith("jaxlike.theory.")]
        below = {n[2] for n in dotted if n[2] in level and level[n[2]] > level[here]}
        assert not below, f"{path} imports {below}, which stand below it"


def test_theory_imports_nothing_but_jax_numpy_and_scipy():
    for path in modules():
        if part(path) not in ("theory", "numerics"):
            continue
        names = imported(path)
        outside = {name.split(".")[0] for name in names} - {"jaxlike"} - THEORY_MAY
        assert outside <= sys.stdlib_module_names, f"{path}: {outside}"
        assert own(names) <= {"errors", "numerics", "theory"}, path


def test_inference_knows_no_theory():
    """It knows the posterior's functions, whatever they are made of."""
    for path in modules():
        if part(path) == "inference":
            forbidden = {"theory", "likelihoods", "data", "config"}
            assert not own(imported(path)) & forbidden, path


def test_all_files_are_installed():
    """What is no code goes into a wheel only where a pattern of setup.cfg says so."""
    setup = configparser.ConfigParser()
    setup.read(PACKAGE.parent / "setup.cfg")
    patterns = setup["options.package_data"]["jaxlike"].split()
    installed = {path for pattern in patterns for path in PACKAGE.glob(pattern)}
    files = [f for f in PACKAGE.rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert [f for f in files if f.suffix not in (".py", ".pyc") and f not in installed] == []


def test_files_stay_short():
    for path in modules():
        assert len(path.read_text().splitlines()) < 300, path


CHECK = """
import sys
import jax
before = {name: getattr(jax.config, name, None) for name in jax.config.values}
import jaxlike
{more}
hosts = ("cobaya", "cosmosis", "numpyro", "blackjax", "arviz", "matplotlib", "fitsio", "getdist")
loaded = [name for name in {hosts} if name in sys.modules]
assert not loaded, loaded
after = {name: getattr(jax.config, name, None) for name in jax.config.values}
changed = [name for name in before if before[name] != after[name]]
assert not changed, changed
assert not jax.config.jax_enable_x64
"""


@pytest.mark.parametrize(
    ("more", "hosts"),
    [
        ("", "hosts"),
        ("import jaxlike.likelihoods.two_point, jaxlike.posterior.model", "hosts[:5]"),
        ("import jaxlike.inference", "('numpyro', 'optax', 'blackjax', 'arviz')"),
    ],
    ids=["the package", "the posterior", "the samplers"],
)
def test_importing_changes_nothing(more, hosts):
    """No configuration of JAX, no host and no sampler is touched by an import."""
    script = CHECK.replace("{more}", more).replace("{hosts}", hosts)
    path = os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])
    environment = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**environment, "PYTHONPATH": path.rstrip(os.pathsep), "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("package", ["jaxlike", "jaxlike.inference"])
def test_public_names_are_there(package):
    module = import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
    with pytest.raises(AttributeError, match=f"'{package}' has no attribute 'nonsense'"):
        module.nonsense
