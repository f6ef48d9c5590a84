// A linear reaction only makes the mass decay or grow: q shifts lambda(0), never the verdict.
pde diffusion_reaction {
    title    "Diffusion with a linear reaction";
    source   "the linear part of Kolmogorov, Petrovsky and Piskunov (1937)";
    space    x in R^N, N >= 1;
    param    q real;
    equation phi_t - lap(phi) + q phi = 0;
    expect   s_generative;
    test     N = 2, q = 1;
}
