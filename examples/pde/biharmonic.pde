// Diffusion of the fourth order: its kernel rings at every time, in every dimension.
pde biharmonic {
    title    "Biharmonic diffusion";
    source   "arXiv:2304.02637, Sec. 1 and Table 4";
    space    x in R^N, N >= 1;
    equation phi_t + lap(lap(phi)) = 0;
    expect   not_s_generative by C1;
    claim    s_generative by "arXiv:2304.02637, Sec. 1"
             because "the paper tests C2 alone; the kernel is negative from r = 3.4535 t^(1/4) on (N = 1)";
    test     N = 2;
}
