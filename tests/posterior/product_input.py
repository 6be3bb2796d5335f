"""An input of two likelihoods, north and south, of which tests replace lines."""

THEORY = """\
theory:
  jaxlike.cobaya.Theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
"""
UNIVERSE = """\
params:
  omegam: {prior: {min: 0.1, max: 0.9}, ref: 0.3}
  As: 2.1e-9
  H0: 70
  omegab: 0.046
  ns: 0.96
"""
NORTH = """\
  NGC_b1: {prior: [0.8, 3], ref: 1.4}
  NGC_b2: 1.6
  NGC_AIA: {prior: [-5, 5], ref: 0.5}
"""
SOUTH = """\
  SGC_AIA: {prior: [-5, 5], ref: -0.3}
  SGC_m1: 0.01
"""
OWN = """\
    class: jaxlike.cobaya.{probes}
    data_file: {file}
    scale_cuts: none
    prefix: {prefix}
    params: {{}}
"""


def block(name, probes, prefix, file="small.fits"):
    return f"  {name}:\n" + OWN.format(probes=probes, prefix=prefix, file=file)


BOTH = "likelihood:\n" + block("ngc", "3x2pt", "NGC_") + block("sgc", "shear", "SGC_")
TEXT = THEORY + BOTH + UNIVERSE + NORTH + SOUTH
