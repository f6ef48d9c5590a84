// The square of the space-time Laplacian: Poisson for a field built from phi.
pde iterated_poisson {
    title    "Squared Laplacian in space-time";
    source   "Almansi, Ann. Mat. 2, 1 (1899)";
    space    x in R^N, N >= 1;
    equation phi_tttt + 2 lap(phi_tt) + lap(lap(phi)) = 0;
    expect   s_generative;
    test     N = 2;
}
