// The potential of a massive field: the flow of Poisson, with particles dying on the way.
pde yukawa {
    title    "Screened Poisson (Yukawa)";
    source   "arXiv:2304.02637, Sec. 3 and Table 2";
    space    x in R^N, N >= 1;
    param    m > 0;
    equation phi_tt + lap(phi) - m^2 phi = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637, Table 2";
    test     N = 2, m = 1;
}
