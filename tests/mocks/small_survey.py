"""The folder of a small survey, which has a mock."""

import yaml

SMALL = {
    "survey.yaml": "title: Small\noptions: {nz: histogram, cosebis_theta: [10, 100]}\n",
    "scale_cuts.yaml": "min_mode: 1\nmax_mode: 2\n",
    "parameters.yaml": "A_IA: {prior: {min: -2, max: 2}, ref: 0.5, proposal: 0.1}\n",
    "mock.yaml": """\
seed: 7
area: 2000
theory: {linear: eisenstein_hu_no_wiggle, nonlinear: linear}
fiducial: {Omega_m: 0.3, A_s: 2.1e-9, h: 0.7, Omega_b: 0.046, n_s: 0.96, A_IA: 0.5}
samples:
  nz_source:
    kind: shear
    z: [0, 2, 20]
    family: log_normal
    bins: [[0.5, 0.2], [1, 0.3]]
    n_eff: [3, 3]
    sigma_e: 0.3
points:
  En: {statistic: E_n, kernels: nz_source, modes: 3}
""",
}


def changed(**content):
    text = yaml.safe_load(SMALL["mock.yaml"])
    for path, value in content.items():
        place = text
        *keys, last = path.split("__")
        for key in keys:
            place = place[key]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return yaml.safe_dump(text)
