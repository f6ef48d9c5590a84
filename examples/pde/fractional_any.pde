// Fractional diffusion of any order: beyond beta = 1 the kernel changes sign.
pde fractional_any {
    title    "Fractional diffusion of any order";
    source   "arXiv:2304.02637, Table 4";
    space    x in R^N, N >= 1;
    param    beta > 0;
    equation phi_t + (-lap)^beta phi = 0;
    expect   conditional when beta <= 1;
    claim    s_generative by "arXiv:2304.02637, Table 4"
             because "a law with zero variance is not positive: C1 fails for beta > 1";
    test     N = 2, beta = 1/2;
}
