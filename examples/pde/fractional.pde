// Levy flights: stable laws of index 2 beta.
pde fractional {
    title    "Fractional diffusion";
    source   "arXiv:2304.02637, Table 4";
    space    x in R^N, N >= 1;
    param    0 < beta < 1;
    equation phi_t + (-lap)^beta phi = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637, Table 4";
    test     N = 2, beta = 1/2;
}
