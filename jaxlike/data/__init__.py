"""Data from files: two-point measurements, n(z), covariance, scale cuts and where to get them."""

from jaxlike.data.bao import (
    BAO_QUANTITIES,
    DESI_DR2,
    BaoData,
    desi_dr2_bao,
    desi_dr2_bao_of_cosmosis,
    read_bao,
)
from jaxlike.data.convergence import Convergence
from jaxlike.data.cutting import apply_scale_cuts
from jaxlike.data.download import DATA_SETS, DataSet, data_folder, get_data_set
from jaxlike.data.fits2pt.reader import read_two_point_fits
from jaxlike.data.fits2pt.writer import write_two_point_fits
from jaxlike.data.gaussian import COMPRESSED_CMB, GaussianData, compressed_cmb, read_gaussian
from jaxlike.data.lensing import read_lensing_bandpowers
from jaxlike.data.lensing_dataset import read_lensing_dataset
from jaxlike.data.lensing_sets import LENSING_SETS
from jaxlike.data.maps import with_maps
from jaxlike.data.measurement import Measurement
from jaxlike.data.psf import read_psf
from jaxlike.data.read import read_two_point
from jaxlike.data.redshift_distribution import RedshiftDistribution
from jaxlike.data.sacc.reader import from_sacc, read_sacc
from jaxlike.data.sacc.writer import to_sacc, write_sacc
from jaxlike.data.scale_cuts import (
    AngularBins,
    Cuts,
    ScaleCuts,
    read_scale_cuts,
    scale_cut_presets,
)
from jaxlike.data.shear_ratios import convert_shear_ratios, read_shear_ratios
from jaxlike.data.shipped import (
    default_data_file,
    find_data_file,
    is_mock,
    is_survey_mock,
    survey_of,
)
from jaxlike.data.statistics import FOURIER_SPACE, KINDS, STATISTICS
from jaxlike.data.supernovae import SupernovaData, read_supernovae, union3
from jaxlike.data.twopoint import TwoPointData
from jaxlike.data.windows import BandpowerWindows
from jaxlike.files import atomic_writer

__all__ = [
    "BAO_QUANTITIES",
    "COMPRESSED_CMB",
    "DATA_SETS",
    "DESI_DR2",
    "FOURIER_SPACE",
    "KINDS",
    "LENSING_SETS",
    "STATISTICS",
    "AngularBins",
    "BandpowerWindows",
    "BaoData",
    "Convergence",
    "Cuts",
    "DataSet",
    "GaussianData",
    "Measurement",
    "RedshiftDistribution",
    "ScaleCuts",
    "SupernovaData",
    "TwoPointData",
    "apply_scale_cuts",
    "atomic_writer",
    "compressed_cmb",
    "convert_shear_ratios",
    "data_folder",
    "default_data_file",
    "desi_dr2_bao",
    "desi_dr2_bao_of_cosmosis",
    "find_data_file",
    "from_sacc",
    "get_data_set",
    "is_mock",
    "is_survey_mock",
    "read_bao",
    "read_gaussian",
    "read_lensing_bandpowers",
    "read_lensing_dataset",
    "read_psf",
    "read_sacc",
    "read_scale_cuts",
    "read_shear_ratios",
    "read_supernovae",
    "read_two_point",
    "read_two_point_fits",
    "scale_cut_presets",
    "survey_of",
    "to_sacc",
    "union3",
    "with_maps",
    "write_sacc",
    "write_two_point_fits",
]
