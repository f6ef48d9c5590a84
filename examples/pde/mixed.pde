// Between diffusion (a = 0) and Poisson (b = 0): the normal inverse Gaussian law.
pde mixed {
    title    "Mixed diffusion-Poisson";
    source   "arXiv:2304.02637, Appendix B";
    space    x in R^N, N >= 1;
    param    a > 0;
    param    b > 0;
    equation a phi_tt - b phi_t + lap(phi) = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637, Appendix B";
    test     N = 2, a = 1, b = 1;
}
