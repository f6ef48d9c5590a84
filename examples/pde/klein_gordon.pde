// A free massive field: every mode oscillates.
pde klein_gordon {
    title    "Klein-Gordon";
    source   "arXiv:2304.02637, A.6 (named, not judged)";
    space    x in R^N, N >= 1;
    param    m > 0;
    equation phi_tt - lap(phi) + m^2 phi = 0;
    expect   not_s_generative by C1;
    test     N = 2, m = 1;
}
