"""Inputs to start from: those of cobaya_yaml/ and cosmosis_modules/, which are installed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from jaxlike.errors import ConfigError

FOLDER = Path(__file__).resolve().parent
"""Holds cobaya_yaml/ and cosmosis_modules/, in a checkout as in an installed package."""

_YAML, _INI = "cobaya_yaml", "cosmosis_modules"
# a word before which a file's name is none of this folder's, and the name
_NAMED = re.compile(rf"(?<![\w./]){_INI}/([\w.]+\.(?:ini|py|yaml))")
_ASIDE = re.compile(r" \((?:[^()]|\([^()]*\))*\)")  # in brackets, which may hold n(z)


@dataclass(frozen=True)
class Example:
    """An analysis: its name, its file in cobaya_yaml/, and that in cosmosis_modules/ or "".

    run: the command of jaxlike that takes it.
    """

    name: str
    yaml: str
    ini: str = ""
    run: str = "nuts"

    def file(self, *, cosmosis: bool = False) -> Path:
        """Its input for Cobaya or CosmoSIS; ConfigError where there is none for CosmoSIS."""
        if not cosmosis:
            return FOLDER / _YAML / self.yaml
        if not self.ini:
            having = ", ".join(one.name for one in EXAMPLES.values() if one.ini)
            raise ConfigError(
                f"example '{self.name}' has no pipeline for CosmoSIS; accepted with --cosmosis are "
                f"{having}"
            )
        return FOLDER / _INI / self.ini

    @property
    def title(self) -> str:
        """The first sentence of its input, which is a comment."""
        comment = " ".join(_leading_comment(self.file().read_text(encoding="utf-8")))
        short = _ASIDE.sub(lambda found: found[0] if "arXiv" in found[0] else "", comment)
        return re.split(r"(?<!et al)\.(?:\s|$)|; |: jaxlike", short)[0].rstrip(":")

    @property
    def data_sets(self) -> tuple[str, ...]:
        """What its input has as data files, by name; none where these come with the package."""
        text = self.file().read_text(encoding="utf-8")
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        found = re.findall(r"\bdata_file:\s*([\w.-]+)", "\n".join(lines))
        return tuple(n for n in dict.fromkeys(found) if n != "mock" and not n.endswith("_mock"))


EXAMPLES: Mapping[str, Example] = {
    one.name: one
    for one in (
        Example("mock", "mock_3x2pt_mcmc.yaml", "pipeline.ini"),
        Example("mock_evaluate", "mock_3x2pt_evaluate.yaml", run=""),
        Example("joint_w0wa", "joint_w0wa.yaml", "joint_w0wa.ini"),
        Example("paper", "paper_3x2pt.yaml", "paper_pipeline.ini"),
        Example("paper_fisher", "paper_fisher.yaml", run="fisher"),
        Example("des_y1", "des_y1_3x2pt.yaml"),
        Example("des_y1_shear", "des_y1_shear.yaml"),
        Example("des_y1_tatt_shear", "des_y1_tatt_shear.yaml"),
        Example("des_y1_wcdm", "des_y1_wcdm_3x2pt.yaml"),
        Example("des_y1_wcdm_shear", "des_y1_wcdm_shear.yaml"),
        Example("des_y3_shear", "des_y3_shear.yaml", "des_y3_shear_pipeline.ini"),
        Example("des_y3_3x2pt", "des_y3_3x2pt.yaml", "des_y3_3x2pt_pipeline.ini"),
        Example("des_y3_kids_1000", "des_y3_kids_1000.yaml", "des_y3_kids_1000_pipeline.ini"),
        Example("decade", "decade.yaml", "decade_pipeline.ini"),
        Example("decam_13k", "decam_13k.yaml", "decam_13k_pipeline.ini"),
        Example("hsc_y3", "hsc_y3.yaml", "hsc_y3_pipeline.ini"),
        Example("hsc_y3_fourier", "hsc_y3_fourier.yaml", "hsc_y3_fourier_pipeline.ini"),
        Example("kids_1000_cosebis", "kids_1000_cosebis.yaml", "kids_1000_cosebis_pipeline.ini"),
        Example(
            "kids_1000_band_powers",
            "kids_1000_band_powers.yaml",
            "kids_1000_band_powers_pipeline.ini",
        ),
        Example("kids_1000_xi", "kids_1000_xi.yaml", "kids_1000_xi_pipeline.ini"),
        Example("kids_legacy", "kids_legacy.yaml", "kids_legacy_pipeline.ini"),
        Example("stage4_shear", "stage4_shear.yaml"),
        Example("stage4_shear_w0wa", "stage4_shear_w0wa.yaml"),
        Example("stage4_3x2pt", "stage4_3x2pt.yaml"),
        Example("stage4_3x2pt_w0wa", "stage4_3x2pt_w0wa.yaml"),
        Example("survey_example", "survey_example.yaml", run="survey"),
    )
}
"""By name, those first that need nothing else."""


def find_example(name: str) -> Example:
    """The example of that name, whose file has it, or else the first that has data of a survey of
    that name; ConfigError lists the names."""
    found = EXAMPLES.get(name) or next(
        (one for one in EXAMPLES.values() if one.yaml == f"{name.removesuffix('.yaml')}.yaml"), None
    )
    if found is None:
        of_survey = re.compile(rf"\bsurvey: {re.escape(name)}\b")
        found = next((e for e in EXAMPLES.values() if of_survey.search(e.file().read_text())), None)
    if found is None:
        raise ConfigError(f"there is no example '{name}'; accepted are {', '.join(EXAMPLES)}")
    return found


def texts_of(example: Example, target: Path, *, cosmosis: bool = False) -> dict[Path, str]:
    """What to write to begin with an example: `target`, and beside it the files that it names.

    Files of a pipeline are named as they are seen from here, as CosmoSIS looks for them.
    """
    source = example.file(cosmosis=cosmosis)
    beside = "" if target.parent == Path() else f"{target.parent.as_posix()}/"
    texts: dict[Path, str] = {}

    def take(file: Path, written: Path) -> None:
        text = file.read_text(encoding="utf-8")
        named = set(_NAMED.findall(text)) - {source.name} if file.suffix == ".ini" else set()
        for old, new in {
            f"{_YAML}/{example.yaml}": str(target),
            f"{_INI}/{source.name}": str(target),
            f"{_INI}/": beside,
        }.items():
            text = text.replace(old, new) if file.suffix != ".py" else text
        texts[written] = text
        for name in sorted(named):
            if target.parent / name not in texts:
                take(FOLDER / _INI / name, target.parent / name)

    take(source, target)
    texts[target] = _head(example, target, cosmosis=cosmosis) + texts[target]
    return texts


def _head(example: Example, target: Path, *, cosmosis: bool) -> str:
    """What to do with an input that was just written, as a comment in it."""
    mark = ";" if cosmosis else "#"
    lines = [f"Written by `jaxlike init {example.name}{' --cosmosis' if cosmosis else ''}`. Next:"]
    lines += [f"  {command:<44} {what}".rstrip() for command, what in steps(example, target)]
    return "".join(f"{mark} {line}\n" for line in lines) + (f"{mark}\n" if lines else "")


def steps(example: Example, target: Path) -> Iterator[tuple[str, str]]:
    """Commands that come next, and what each does."""
    for name in example.data_sets:
        yield f"jaxlike data get {name}", "its data, once"
    if example.run == "nuts":
        yield f"jaxlike nuts {target}", "chains of the posterior, and a report of them"
    elif example.run:
        yield f"jaxlike {example.run} {target}", "the forecast"
    if target.suffix == ".ini":
        yield f"cosmosis {target}", "the same in CosmoSIS"
    elif example.run != "survey":
        yield f"cobaya-run {target}", "the same posterior in Cobaya"


def _leading_comment(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if not line.startswith("#"):
            return
        yield line.lstrip("# ").rstrip()
