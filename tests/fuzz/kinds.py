"""Kinds of bad input, each a function of a random number generator, a folder and good files.

A case ends well if the answer is a result or one sentence: see `answers`.
"""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from jaxlike.errors import JaxlikeError
from jaxlike.inference.runs.checkpoint import Checkpoint, restoring
from jaxlike.inference.runs.run_state import Run

from .answers import answer, check_sentence, in_time
from .mutations import (
    WORDS,
    Change,
    Rng,
    as_text,
    bytes_changed,
    cards_changed,
    chosen,
    mapping_changed,
    text_changed,
)
from .originals import N_CHAIN, N_PARAMETER, SETTINGS, Originals, arrays_of

Case = Callable[[Rng, Path, Originals], None]


def _spoilt(rng: Rng, folder: Path, good: Originals, name: str, *changes: Change) -> Path:
    """A copy of a file, changed once or twice."""
    content = good.read(name)
    for _ in range(int(rng.integers(1, 3))):
        content = chosen(rng, changes)(rng, content)
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def _copied(folder: Path, good: Originals, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(good.folder / name, folder / name)


def _look_at_data(rng: Rng, folder: Path, file: Path, *more: str) -> None:
    """Show a file or write it as SACC; a file that is there already stays."""
    taken = folder / "taken.sacc"
    taken.write_text("something of the user's")
    argv = ["data", "show", str(file), *more]
    if not more and rng.random() < 0.5:
        argv = ["data", "sacc", str(file), str(chosen(rng, (taken, file, folder / "new.sacc")))]
    answer(argv, (file, taken))


def fits(rng: Rng, folder: Path, good: Originals) -> None:
    """2pt FITS files: bytes, and cards of their headers."""
    name = chosen(rng, ("small.fits", "small.fits", "cl.fits"))
    _look_at_data(rng, folder, _spoilt(rng, folder, good, name, bytes_changed, cards_changed))


def sacc_bytes(rng: Rng, folder: Path, good: Originals) -> None:
    """SACC files, the same."""
    name = chosen(rng, ("small.sacc", "cl.sacc"))
    _look_at_data(rng, folder, _spoilt(rng, folder, good, name, bytes_changed, cards_changed))


_NUMBERS = (np.nan, np.inf, -1.0, 0.0, 1e-30, 1e9, 1e300)


def sacc_content(rng: Rng, folder: Path, good: Originals) -> None:
    """SACC files whose points, tracers, windows or covariance say something else."""
    assert good.sacc is not None
    content = good.sacc(good.folder / chosen(rng, ("small.sacc", "cl.sacc")))
    file = folder / "x.sacc"
    try:
        for _ in range(int(rng.integers(1, 3))):
            _change_sacc(rng, content)
        content.save_fits(str(file), overwrite=True)
    except Exception:  # what sacc does not write nobody reads
        return
    _look_at_data(rng, folder, file)


def _change_sacc(rng: Rng, content: Any) -> None:
    import sacc

    points, tracers = content.data, list(content.tracers.values())
    point, tracer = chosen(rng, points), chosen(rng, tracers)
    some = [points[i] for i in rng.integers(0, len(points), int(rng.integers(1, len(points))))]

    def tag(name: str) -> None:
        for one in some:
            one.tags[name] = chosen(rng, _NUMBERS)

    def untagged() -> None:
        name = chosen(rng, ("theta", "ell", "window"))
        for one in some:
            one.tags.pop(name, None)

    def each(field: str, value: Any) -> None:
        for one in some:
            setattr(one, field, value)

    def window() -> None:
        low, high = (chosen(rng, (-1.0, 0.0, 2.0, 30.0, 1e4, 1e9, np.nan)) for _ in range(2))
        for one in some:
            one.tags["window"] = sacc.TopHatWindow(low, high)

    def weights() -> None:
        own = point.tags.get("window")
        if own is not None and hasattr(own, "weight"):
            own.weight = chosen(
                rng, (own.weight * np.nan, own.weight[:, :1], -own.weight, own.weight * 0)
            )

    def columns() -> None:
        z, nz = np.array(tracer.z, float), np.array(tracer.nz, float)
        at = int(rng.integers(z.size))
        z[at] = chosen(rng, (*_NUMBERS, 1800.0, 1e5))
        nz[int(rng.integers(z.size))] = chosen(rng, _NUMBERS)
        tracer.z, tracer.nz = chosen(
            rng, ((z, tracer.nz), (tracer.z, nz), (tracer.z, nz * 0), (tracer.z[:2], nz[:2]))
        )

    def covariance() -> None:
        dense = np.array(content.covariance.dense)
        i, j = rng.integers(0, len(dense), 2)
        dense[i, j] = chosen(rng, _NUMBERS)
        content.covariance = None
        content.add_covariance(dense, overwrite=True)

    chosen(
        rng,
        (
            lambda: tag(chosen(rng, ("theta", "ell", "window_ind", "n"))),
            untagged,
            lambda: each("value", chosen(rng, _NUMBERS)),
            lambda: each("data_type", chosen(rng, ("cl_ee", "x", "galaxy_density_xi"))),
            lambda: each("tracers", chosen(rng, points).tracers),
            lambda: setattr(tracer, "quantity", chosen(rng, ("generic", "x", "galaxy_shear"))),
            lambda: tracer.metadata.update({chosen(rng, ("sample", "n_gal")): chosen(rng, WORDS)}),
            lambda: points.remove(point),
            lambda: points.append(point),
            columns,
            columns,
            covariance,
            window,
            weights,
        ),
    )()


def _as_mapping(rng: Rng, content: bytes) -> bytes:
    """A yaml with one entry changed; as text where it is none any more."""
    try:
        mapping = yaml.safe_load(content)
    except (yaml.YAMLError, ValueError):
        return as_text(text_changed)(rng, content)
    if not isinstance(mapping, dict | list):
        return content
    changed = mapping_changed(rng, mapping)
    return yaml.safe_dump(changed, sort_keys=False, allow_unicode=True).encode()


def _explained(rng: Rng, folder: Path, file: Path, ending: str) -> None:
    taken = folder / f"taken{ending}"
    taken.write_text("something of the user's")
    argv = ["explain", str(file)]
    if rng.random() < 0.5:
        argv += ["--output", str(chosen(rng, (taken, file, folder / f"new{ending}")))]
    answer(argv, (file, taken))


def cobaya_input(rng: Rng, folder: Path, good: Originals) -> None:
    """Cobaya inputs: their text, and the mapping in it."""
    _copied(folder, good, "small.fits", "cuts.yaml")
    changes = (as_text(text_changed), _as_mapping, _as_mapping, bytes_changed)
    name = chosen(rng, ("input.yaml", "foreign.yaml"))
    _explained(rng, folder, _spoilt(rng, folder, good, name, *changes), ".yaml")


def shipped_input(rng: Rng, folder: Path, good: Originals) -> None:
    """The same of those that come with the package."""
    home = Path(__file__).resolve().parents[2]
    files = sorted((home / "cobaya_yaml").glob("*.yaml"))
    content = chosen(rng, files).read_bytes()
    for _ in range(int(rng.integers(1, 3))):
        content = chosen(rng, (as_text(text_changed), _as_mapping, _as_mapping))(rng, content)
    file = folder / "input.yaml"
    file.write_bytes(content)
    _explained(rng, folder, file, ".yaml")


def cosmosis_input(rng: Rng, folder: Path, good: Originals) -> None:
    """CosmoSIS pipelines, and their files of values and priors."""
    names = ("pipeline.ini", "values.ini", "priors.ini", "more.ini")
    _copied(folder, good, "small.fits", *names)
    spoilt = chosen(rng, (names[0], *names))
    _spoilt(rng, folder, good, spoilt, as_text(text_changed), as_text(text_changed), bytes_changed)
    _explained(rng, folder, folder / "pipeline.ini", ".ini")


def library_input(rng: Rng, folder: Path, good: Originals) -> None:
    """Pipelines of the modules of CosmoSIS's standard library."""
    own = sorted(str(f.relative_to(good.folder)) for f in (good.folder / "library").glob("*.ini"))
    _copied(folder, good, "small.fits", *own)
    pipeline = next(name for name in own if "values" not in name and "priors" not in name)
    spoilt = chosen(rng, (pipeline, *own))
    _spoilt(rng, folder, good, spoilt, as_text(text_changed))
    _explained(rng, folder, folder / pipeline, chosen(rng, (".ini", ".yaml")))


def scale_cuts(rng: Rng, folder: Path, good: Originals) -> None:
    """Files of scale cuts, and the folder of a survey."""
    _copied(folder, good, "small.fits", "survey/survey.yaml", "survey/scale_cuts.yaml")
    _copied(folder, good, "survey/parameters.yaml")
    changes = (as_text(text_changed), _as_mapping, _as_mapping)
    data = str(folder / "small.fits")
    if rng.random() < 0.5:
        file = _spoilt(rng, folder, good, "cuts.yaml", *changes)
        answer(["data", "show", data, "--scale-cuts", str(file)], (file,))
        return
    name = chosen(rng, ("survey.yaml", "scale_cuts.yaml", "parameters.yaml"))
    file = _spoilt(rng, folder, good, f"survey/{name}", *changes)
    answer(["data", "show", data, "--survey", str(folder / "survey")], (file,))


def redshifts(rng: Rng, folder: Path, good: Originals) -> None:
    """n(z) of another file: text, 2pt FITS."""
    _copied(folder, good, "cl.fits")
    name = chosen(rng, ("nz.txt", "nz.txt", "small.fits"))
    own = as_text(text_changed) if name == "nz.txt" else cards_changed
    file = _spoilt(rng, folder, good, name, own, bytes_changed)
    given = chosen(rng, (str(file), f"NZ_SOURCE={file}", f"{chosen(rng, WORDS)}={file}"))
    _look_at_data(rng, folder, folder / "cl.fits", "--nz-file", given)


def chains(rng: Rng, folder: Path, good: Originals) -> None:
    """Chains of GetDist's and of CosmoSIS's kind, and what tells of their columns."""
    names = ("run.1.txt", "run.2.txt", "run.paramnames", "run.ranges", "run.updated.yaml")
    _copied(folder, good, *names, "cosmosis.txt")
    text = as_text(text_changed)
    if rng.random() < 0.5:
        file = _spoilt(rng, folder, good, "cosmosis.txt", text, text, bytes_changed)
        prefix, kind = str(file), "getdist"
    else:
        file = _spoilt(rng, folder, good, chosen(rng, names), text, text, bytes_changed)
        if rng.random() < 0.3:
            (folder / "run.paramnames").unlink()
        prefix, kind = str(folder / "run"), "cosmosis"
    if rng.random() < 0.1:
        kind = "arviz"
    output = str(chosen(rng, (folder / "new.txt", folder / "run.1.txt", folder / "run", file)))
    force = ["--force"] if rng.random() < 0.5 else []
    inputs = [folder / name for name in names] if kind == "cosmosis" else [file]
    found = answer(["convert", prefix, "--to", kind, "--output", output, *force], inputs)
    written = folder / "new.txt"
    if found.status == 0 and kind == "cosmosis" and written.is_file():
        assert np.isfinite(np.loadtxt(written)[:, :2]).all(), "numbers that are none were passed on"


def checkpoints(rng: Rng, folder: Path, good: Originals) -> None:
    """Checkpoints: their bytes, their arrays and their numbers."""
    file = folder / "run.checkpoint.npz"
    if rng.random() < 0.4:
        _spoilt(rng, folder, good, file.name, bytes_changed)
    else:
        _change_arrays(rng, file, Checkpoint.read(good.folder / file.name, SETTINGS))
    try:
        with in_time():
            before = Checkpoint.read(file, SETTINGS)
            with restoring(file):
                run = Run.of_checkpoint(before, N_CHAIN, N_PARAMETER)
    except JaxlikeError as error:
        check_sentence(str(error), of=str(file))
        return
    assert run.position.shape == (N_CHAIN, N_PARAMETER)
    assert run.warm_u.shape == run.warm_gradient.shape


def _change_arrays(rng: Rng, file: Path, content: Checkpoint) -> None:
    arrays: dict[str, Any] = arrays_of(content)
    name = chosen(rng, [*arrays])
    if name == "header":
        header = json.loads(arrays[name])
        changed = mapping_changed(rng, header)
        arrays[name] = chosen(rng, (json.dumps(changed, default=str), "", "[]", "{", "null"))
    else:
        old = np.asarray(arrays[name])
        arrays[name] = chosen(
            rng,
            (
                old[:1],
                old[..., None],
                old.astype(str),
                np.zeros(0),
                np.full(old.shape, 1j),
                np.array("x"),
            ),
        )
    if rng.random() < 0.4:
        del arrays[chosen(rng, [*arrays])]
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    file.write_bytes(stream.getvalue())


_NUMERALS = ("-1", "0", "1e20", "1e12", "nan", "inf", "x", "", "1.5", "9" * 30, "99", "--", "0x1")
_COMMANDS: dict[str, tuple[str, ...]] = {
    "nuts": ("--chains", "--warmup", "--samples", "--seed", "--max-tree-depth", "--target-accept"),
    "sample": ("--method", "--chains", "--samples", "--seed", "--option", "--devices"),
    "minimise": ("--starts", "--seed", "--set", "--data-file"),
    "minimize": ("--starts", "--output"),
    "fisher": ("--parameters", "--fixed", "--at", "--method", "--f-sky", "--pair"),
    "moped": ("--pair", "--set"),
    "evidence": ("--config", "--proposal", "--seed"),
    "reweight": ("--config", "--output"),
    "convert": ("--to", "--output"),
    "blind": ("--output", "--key", "--range", "--reason", "--unblind", "--likelihood"),
    "plot": ("--config", "--params", "--draws", "--output"),
    "survey": ("--output",),
    "benchmark": ("--vs", "--longest", "--methods", "--option", "--mocks"),
    "mock": ("--survey", "--space", "--output"),
    "explain": ("--output", "--set", "--data-file", "--cosmosis"),
    "info": ("--device",),
    "figures": ("--only",),
}


def arguments(rng: Rng, folder: Path, good: Originals) -> None:
    """Command lines: options that are none, numbers that are none, files that are not there."""
    _copied(folder, good, "run.1.txt", "cuts.yaml")
    nowhere, taken = folder / "nowhere", folder / "run.1.txt"
    places = (
        nowhere / "x.yaml",
        taken,
        folder,
        folder / "cuts.yaml",
        taken / "x",
        folder / "y.ini",
    )
    command = chosen(rng, [*_COMMANDS])
    argv = [command]
    if command not in ("info", "figures", "mock"):
        argv.append(chosen(rng, (*map(str, places), *WORDS[:40])))
    for _ in range(int(rng.integers(0, 4))):
        argv.append(chosen(rng, (*_COMMANDS[command], "--force", "--resume", "--nothing")))
        if rng.random() < 0.9:
            argv.append(chosen(rng, (*_NUMERALS, *WORDS[:40], *map(str, places))))
    if command == "mock":  # without what would be computed for long
        argv += ["--output", str(nowhere / "m.fits")]
    if command == "figures":
        argv += ["--only", chosen(rng, WORDS)]
    if "--device" in argv and "gpu" not in argv:
        argv[argv.index("--device")] = "--nothing"
    answer(argv, (taken, folder / "cuts.yaml"))
    assert not nowhere.exists()


KINDS: dict[str, Case] = {
    "2pt FITS": fits,
    "SACC, bytes": sacc_bytes,
    "SACC, content": sacc_content,
    "Cobaya input": cobaya_input,
    "shipped input": shipped_input,
    "CosmoSIS input": cosmosis_input,
    "library input": library_input,
    "scale cuts": scale_cuts,
    "n(z)": redshifts,
    "chains": chains,
    "checkpoints": checkpoints,
    "arguments": arguments,
}
"""By name."""

NEED_SACC = ("SACC, bytes", "SACC, content")
