"""BAO that `cobaya-install` brings: Cobaya's names, files and units, and what each was made of."""

from typing import NamedTuple

from jaxlike.data.bao import DESI_DR2


class BaoSet(NamedTuple):
    """Files in the folder `data` of Cobaya's packages, or rows [z, value, error, quantity].

    rs_rescale: what r_drag counts times; rs_fid: the same as the fiducial r_drag in Mpc, whose
    inverse it is; samples: of galaxies or of absorbers, each of which may count only once; source:
    where they were published.
    """

    measurements_file: str | None = None
    cov_file: str | None = None
    rs_fid: float | None = None
    rs_rescale: float | None = None
    data: tuple[object, ...] | None = None
    samples: frozenset[str] = frozenset()
    source: str = ""


_FOLDER = "bao_data"
_DESI, _BOSS = "arXiv:2404.03002", "arXiv:1607.03155"
_EBOSS = "arXiv:2007.08991"


def _files(mean: str, covariance: str, samples: str, source: str, rs_fid: float | None) -> BaoSet:
    """samples: divided by commas."""
    names = frozenset(one.strip() for one in samples.split(","))
    files = f"{_FOLDER}/{mean}", f"{_FOLDER}/{covariance}"
    return BaoSet(*files, rs_fid=rs_fid, samples=names, source=source)


def _desi(name: str, samples: str, survey: str = "desi_2024") -> BaoSet:
    stem = f"{survey}_gaussian_bao_{name}"
    return _files(f"{stem}_mean.txt", f"{stem}_cov.txt", samples, _DESI, 1)


DESI_SAMPLES = {
    "desi_bao_bgs": "DESI BGS",
    "desi_bao_lrg1": "DESI LRG1",
    "desi_bao_lrg2": "DESI LRG2",
    "desi_bao_lrg3pluselg1": "DESI LRG3+ELG1",
    "desi_bao_elg2": "DESI ELG2",
    "desi_bao_qso": "DESI QSO",
    "desi_bao_lya": "DESI Lya",
}
"""Samples of the second data release, by Cobaya's names; the first release has the same objects."""

_BGS, _LRG1, _LRG2, _LRG3, _ELG2, _QSO, _LYA = DESI_SAMPLES.values()
# eBOSS's LRGs are with those of BOSS beyond z = 0.6, which the consensus has too
_BOSS_LOW, _BOSS_HIGH, _EBOSS_LRG = "BOSS z < 0.6", "BOSS z > 0.6", "eBOSS LRG"
_CONSENSUS = f"{_BOSS_LOW}, {_BOSS_HIGH}"

BAO_SETS = {
    "desi_2024_bao_all": _desi("ALL_GCcomb", ", ".join(DESI_SAMPLES.values())),
    "desi_2024_bao_bgs_z1": _desi("BGS_BRIGHT-21.5_GCcomb_z0.1-0.4", _BGS),
    "desi_2024_bao_lrg_z1": _desi("LRG_GCcomb_z0.4-0.6", _LRG1),
    "desi_2024_bao_lrg_z2": _desi("LRG_GCcomb_z0.6-0.8", _LRG2),
    "desi_2024_bao_lrgpluselg_z1": _desi("LRG+ELG_LOPnotqso_GCcomb_z0.8-1.1", _LRG3),
    "desi_2024_bao_elg_z2": _desi("ELG_LOPnotqso_GCcomb_z1.1-1.6", _ELG2),
    "desi_2024_bao_qso_z1": _desi("QSO_GCcomb_z0.8-2.1", _QSO),
    "desi_2024_bao_lya": _desi("Lya_GCcomb", _LYA),
    "desi_2024_eboss_bao_lya": _desi("Lya_GCcomb", f"{_LYA}, eBOSS Lya", "desi_2024_eboss"),
    "sdss_dr12_consensus_bao": _files(
        "sdss_DR12Consensus_bao.dat", "BAO_consensus_covtot_dM_Hz.txt", _CONSENSUS, _BOSS, 147.78
    ),
    "sdss_dr12_consensus_final": _files(
        "sdss_DR12Consensus_final.dat",
        "final_consensus_covtot_dM_Hz_fsig.txt",
        *(_CONSENSUS, _BOSS, 147.78),
    ),
    "sdss_dr12_consensus_full_shape": _files(
        "sdss_DR12Consensus_FS.dat", "FS_consensus_covtot_dM_Hz_fsig.txt", _CONSENSUS, _BOSS, 147.78
    ),
    "sdss_dr12_lrg_bao_dmdh": _files(
        "sdss_DR12_LRG_BAO_DMDH.dat", "sdss_DR12_LRG_BAO_DMDH_covtot.txt", _BOSS_LOW, _BOSS, 1
    ),
    "sdss_dr16_baoplus_lrg": _files(
        "sdss_DR16_BAOplus_LRG_FSBAO_DMDHfs8.dat",
        "sdss_DR16_BAOplus_LRG_FSBAO_DMDHfs8_covtot.txt",
        *(f"{_CONSENSUS}, {_EBOSS_LRG}", _EBOSS, None),
    ),
    "sdss_dr16_baoplus_qso": _files(
        "sdss_DR16_BAOplus_QSO_FSBAO_DMDHfs8.dat",
        "sdss_DR16_BAOplus_QSO_FSBAO_DMDHfs8_covtot.txt",
        *("eBOSS QSO", _EBOSS, None),
    ),
    "sdss_dr16_lrg_bao_dmdh": _files(
        "sdss_DR16_LRG_BAO_DMDH.dat",
        "sdss_DR16_LRG_BAO_DMDH_covtot.txt",
        *(f"{_BOSS_HIGH}, {_EBOSS_LRG}", _EBOSS, 1),
    ),
    "sdss_dr16_qso_bao_dmdh": _files(
        "sdss_DR16_QSO_BAO_DMDH.txt", "sdss_DR16_QSO_BAO_DMDH_covtot.txt", "eBOSS QSO", _EBOSS, 1
    ),
    "sixdf_2011_bao": BaoSet(
        rs_rescale=1.027369826,
        data=(0.106, 0.336, 0.015, "rs_over_DV"),
        samples=frozenset({"6dFGS"}),
        source="arXiv:1106.3366",
    ),
    "generic": BaoSet(),
}
"""Cobaya's names without `bao.` -> their files and units in Cobaya's version 3.6."""

BAO_TABLES = (
    "sdss_dr7_mgs",
    "sdss_dr16_bao_elg",
    "sdss_dr16_baoplus_elg",
    "sdss_dr16_baoplus_lyauto",
    "sdss_dr16_baoplus_lyxqso",
)
"""Cobaya's names of likelihoods that are tables and no Gaussians."""

DR2_NAMES = {
    "desi_dr2": "desi_bao_all",
    **{f"desi_dr2.{name}": name for name in DESI_DR2},
}
"""Cobaya's names without `bao.` of what comes with the package -> the sample."""

COSMOSIS_NAMES = {
    name.replace("desi_dr2", "desi_dr2_cosmosis"): DR2_NAMES[name] for name in DR2_NAMES
}
"""The same of the numbers that CosmoSIS's module desi_dr2 has."""
