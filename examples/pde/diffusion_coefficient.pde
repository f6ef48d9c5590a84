// Diffusion whose coefficient may have either sign: the verdict is the sign.
pde diffusion_coefficient {
    title    "Diffusion with a coefficient";
    source   "Fourier, Theorie analytique de la chaleur (1822)";
    space    x in R^N, N >= 1;
    param    D real nonzero;
    equation phi_t - D lap(phi) = 0;
    expect   conditional when D > 0;
    test     N = 2, D = 1;
}
