"""Constants in the core's units."""

HUBBLE_DISTANCE = 2997.92458
"""c / H0 in Mpc/h."""

T_CMB = 2.7255
"""CMB temperature in K (Fixsen 2009)."""

OMEGA_GAMMA_H2 = 2.472e-5
"""Photon density Omega_gamma h^2 at T_CMB (4 sigma_SB T^4 / c^3 over the critical density)."""

NEUTRINO_PER_PHOTON = 7 / 8 * (4 / 11) ** (4 / 3)
"""Energy density of one relativistic neutrino species over that of the photons."""

NEUTRINO_EV_PER_OMEGA = 94.07
"""sum m_nu [eV] = this * Omega_nu h^2 * (3 / N_eff)^(3/4); CAMB's convention, N_eff that of
three neutrinos as hot as the massive ones."""

C1_RHO_CRIT = 0.0138730737
"""NLA normalisation C1 * rho_crit, C1 = 5e-14 Mpc^3 / (h^2 M_sun) (Brown et al. 2002).

CosmoSIS has the same number to six digits, 0.0138731."""

K_PIVOT = 0.05
"""Pivot of the primordial power law, in 1/Mpc."""
