// The linear part of phase separation: long waves grow, patterns form.
pde cahn_hilliard {
    title    "Cahn-Hilliard, linear part";
    source   "Cahn and Hilliard, J. Chem. Phys. 28, 258 (1958)";
    space    x in R^N, N >= 1;
    equation phi_t + lap(lap(phi)) + lap(phi) = 0;
    expect   not_s_generative by C1;
    test     N = 2;
}
