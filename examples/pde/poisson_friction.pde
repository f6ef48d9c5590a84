// Poisson with a first derivative of either sign: only the total mass feels it.
pde poisson_friction {
    title    "Poisson with a first time derivative";
    source   "a relative of the mixed equation of arXiv:2304.02637, Appendix B";
    space    x in R^N, N >= 1;
    param    b real;
    equation phi_tt + lap(phi) + b phi_t = 0;
    expect   s_generative;
    test     N = 2, b = 1;
}
