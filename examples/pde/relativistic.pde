// The square-root Hamiltonian without its rest energy: lambda = sqrt(kappa + m^2) - m.
pde relativistic {
    title    "Relativistic stable process";
    source   "Ryznar, Potential Analysis 17 (2002); mixed with a = 1, b = 2 m";
    space    x in R^N, N >= 1;
    param    m > 0;
    equation phi_tt - 2 m phi_t + lap(phi) = 0;
    expect   s_generative;
    claim    s_generative by "arXiv:2304.02637";
    test     N = 2, m = 1;
}
